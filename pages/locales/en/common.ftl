skip = Skip to content
busy = One moment…
title-error = Error:
update-title = Update of your online service
progress = Step { $step } of { $of }
nav-account = My account
my-account = My account
sign-out = Sign out
continue = Continue
next = Next
next-step = Next step
validate = Confirm
save = Save
cancel = Cancel
modify = Change
print = Print
print-keys = To print this page, press Ctrl and P.
privacy-link = Your personal data
language-picker = Language
language-fr = Français
language-en = English
support-title = Need help?
support-text = { $agency } can help you:
support-phone = By telephone:
support-email = By e-mail:
support-page = See the help page

duration-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
duration-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
duration-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}

email = E-mail address
email-example = Example: firstname.lastname@example.com
login = E-mail or identifier
login-kept = Identifier
password = Password
password-new = New password
password-again = Confirm the new password
password-current = Current password
password-show = Show
password-hide = Hide
caps-lock = Careful, Caps Lock is on.

criteria-intro = Your password must meet these criteria:
criteria-advice = Avoid your name, a date of birth, or a password that you already use on another site.
good-password = Password accepted ✓
good-confirmation = Both entries are the same ✓
criterion-met = met
criterion-unmet = still needed
criterion-length = At least { $number } characters
criterion-upper = At least one capital letter
criterion-lower = At least one small letter
criterion-digit = At least one digit
criterion-special = At least one special character (such as ! ? + -)
criterion-kinds = At least { $number } of these 4 kinds of signs:
criterion-kind-upper = capital letters (A, B, C…)
criterion-kind-lower = small letters (a, b, c…)
criterion-kind-digit = digits (1, 2, 3…)
criterion-kind-special = special characters (for example ! ? + -)
criterion-of = of 4

check-several = Several things need correcting:
error-email-missing = Enter your e-mail address.
error-email-or-identifier-missing = Enter your e-mail address or your identifier.
error-email-malformed = This e-mail address does not look right. Check the @ sign and the end of the address.
error-email-too-long = This e-mail address is too long.
error-email-again-missing = Enter the new address a second time.
error-emails-differ = The two e-mail addresses are not the same.
error-email-unchanged = This is already your address. Enter the new one.
error-login-missing = Enter your e-mail address or your identifier.
error-login-address-missing = Enter your e-mail address.
error-login-identifier-missing = Enter your identifier.
error-present-missing = Enter your password.
error-current-missing = Enter your current password.
error-current-wrong = This password is not right. Check capital and small letters, then try again.
error-password-missing = Enter the new password.
error-password-again-missing = Enter the new password a second time.
error-password-too-short = This password is too short: it needs at least { $number } characters.
error-password-too-long = This password is too long: { $number } characters at most.
error-password-criteria = This password does not meet all criteria of the list.
error-password-common = This password is too common and too easy to guess. Choose another one.
error-password-personal = This password is too close to your name, your e-mail address or your identifier. Choose another one.
error-password-old = This is your old password. Choose a new one.
error-password-unchanged = This is already your password. Choose a new one.
error-passwords-differ = The two passwords are not the same. Enter them again.
error-password-not-noted = Tick the box once you have noted your password in a safe place.
error-code-missing = Enter the 8 digits received by e-mail.
error-client-missing = Enter the client code.
error-societe-missing = Enter the company code.
error-given-login-missing = Enter the identifier given by your agency.
error-given-password-missing = Enter the password given by your agency.
error-agency-login-missing = Enter the identifier given by your agency.
error-agency-password-missing = Enter the password given by your agency.
error-others-missing = Enter the old password of this account.
error-others-refused = This is not the password of this account, or it was tried too often.
error-message-missing = Give the new address, or write a message.
error-message-too-long = This message is too long: { $number } characters at most.

field-login-refused = Check what you entered here.
field-email-refused = Check this address.
field-password-refused = Enter the password again.
field-client-unknown = Check this client code.
field-societe-unknown = Check this company code.

alert-sign-in-refused = This identifier and password are not known together. Check what you typed, or click “Forgotten password?” below the button “Sign in”.
alert-given-refused = This identifier and password are not known together to your agency. Check what you typed, or ask it for a new password.
alert-join-refused = This address or this password is not right. Check both, then try again.
alert-old-credentials = Your old credentials have been replaced. Sign in with your e-mail address and the new password that you chose.
alert-old-password = Your old password has been replaced. Your identifier has not changed: sign in with it and with the password that you chose.
alert-provisional-over = Your provisional credentials are no longer valid: they have been used, or their time is over. Ask your agency to send you new ones.
alert-provisional-replaced = These provisional credentials have been replaced: your agency has given you new ones. Sign in with the most recent ones, those of the last letter or e-mail.
alert-must-change = Your agency's client area first asks for a new password. Contact your agency, which will tell you how to proceed.
alert-account-ready = Your account is up to date. Sign in with your e-mail address and your new password.
alert-account-ready-as-before = Your account is up to date. Sign in with your identifier, which has not changed, and your new password.
alert-signed-out = You are signed out.
alert-session-over = Your session has ended. To go on, please sign in again.
alert-unknown-codes = These codes do not belong to any agency. Check them in the letter from your agency.
alert-wrong-code = { $number ->
    [one] This code is not right. You have { $number } try left.
   *[other] This code is not right. You have { $number } tries left.
}
alert-code-dead = This code has been tried too often and no longer works. Ask for a new e-mail with the button below.
alert-expired = Too much time has passed: this code or link no longer works. Ask for a new e-mail with the button below.
alert-code-expired = Too much time has passed: this code no longer works. Ask for a new e-mail with the button below.
alert-letters-over = This code no longer works, and as many e-mails as possible have been sent for this request. Start again with the button below, or contact your agency.
alert-letter-refused = The mail server of this address has refused our e-mail. Check the address: it may be misspelt, or the mailbox may be full.
alert-resent = A new e-mail is on its way. Use the latest one: the one before no longer works.
alert-resend-later = { $seconds ->
    [one] An e-mail has just been sent. You can ask for another one in { $seconds } second.
   *[other] An e-mail has just been sent. You can ask for another one in { $seconds } seconds.
}
alert-reset-code-refused = This code is not valid, or no longer is. Check it, or ask for a new one.
alert-reset-asked-again = If an account exists with these details, an e-mail is on its way. Always use the latest one.
alert-resend-over = You have asked for as many e-mails as possible today. Try again tomorrow, or contact your agency.
alert-busy = Several sign-ins to this account are under way at the same time. Nothing was lost: wait a few seconds, then try again.
alert-codes-later = Too many unknown codes were tried from your internet connection. Wait a few minutes, then try again.
alert-unavailable = One of our services does not answer for the moment. Nothing is lost: try again in a minute.
alert-wrong-password = This password is not right. Check capital and small letters, then try again.
alert-link-not-opened = The link has not been opened yet. Open our e-mail, click the link in it, then “Confirm my address”. Then come back here.
alert-stale-email = The address { $email } was not taken: this step was already done, probably in another tab. This is where you are. To change the address, go back to the step “Your e-mail address”.
alert-stale-email-over = The address { $email } was not taken: this step was already done, probably in another tab, and the address is confirmed. This is where you are.
alert-stale-password = The password that you have just entered was not taken: that page had been opened before another step, probably in another tab. This is where you are.
alert-restarted = Nothing is lost: your access is as it was before. To start again, enter the identifier and the password that your agency gave you.
alert-too-early = Take the time to read this page: the “Next step” button will be available in a few seconds.
alert-terms-not-accepted = To continue, tick the box “I have read and accept these terms”.
alert-password-changed = Your password has been changed. Your other devices have been signed out.
alert-email-changed-as-before = Your e-mail address has been changed. Your identifier has not: you still sign in with it.
alert-email-changed = Your e-mail address has been changed. Use it the next time you sign in.
alert-device-forgotten = This device is forgotten. It is recognised again at the next sign-in.
alert-address-requested = Your request has been passed on to your agency. An e-mail confirms it.
alert-requests-over = You have sent as many requests as you may today. Try again tomorrow, or contact your agency.
alert-account-detached = The agency account was detached. An e-mail confirms it.
alert-own-password-set = This account has a password of its own from now on. An e-mail confirms it.
alert-own-password-gone = This account opens with your common password again. An e-mail confirms it.
alert-attach-refused = The agency does not know this identifier and password. Check capitals, small letters and digits, then try again.
alert-attach-ours = You typed an e-mail address and a password that were chosen here. To attach an agency account, type the identifier and password that the agency gave you.
alert-attached-already = This agency account is attached already. If it is not in “My account”, it is attached to another e-mail address: sign out, then sign in with that address.
alert-held = Somebody who received our e-mail answered “This is not me”. If this request is yours, go on: the code in the e-mail is still valid here.
alert-changes-held = The e-mail address cannot be changed for now: somebody answered “This is not me” to one of our e-mails. Try again tomorrow, or contact your agency.
alert-address-taken = Your former address belongs to another account by now. Contact your agency.
