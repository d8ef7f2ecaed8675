//! The sample extranets and the mailbox of `vestibule demo`; nothing else may use it.
