letter-hello = Hello,
letter-hello-names = Hello { $names },
letter-subject = { $agency }: { $title }
letter-bye = Kind regards,
letter-password-never = This e-mail was sent automatically. Nobody will ever ask for your password, neither by e-mail nor by telephone.
letter-copy-link = If the button does not work, copy this address into your browser:
letter-code = Copy this code into the page that you left open:
letter-code-or-link = Copy this code into the page that you left open:
letter-code-duration = This code is valid for { $duration }.
letter-or-link = Or open this link, valid for { $duration }, then click the button on the page:
letter-link = Open this link, valid for { $duration }, and follow the instructions:
letter-reach = To reach { $agency }:
letter-answer = You can also reply to this e-mail.
letter-also = This account also opens:
letter-also-phone = { $agency }, telephone { $phone }
letter-disown = You can also open the link and choose “This is not me”.
letter-reset-open = Choose a new password
letter-account-open = Open my account

letter-confirm-address-title = confirm your e-mail address
letter-confirm-address-text = You are updating your access to the { $agency } customer space (identifier { $account }). What remains is to confirm that this e-mail address is yours.
letter-confirm-address-not-me = Not you? Do not pass this message on to anybody. Without an answer from you, nothing will be changed.

letter-already-account-title = you already have an account
letter-already-account-text = You want to enter the { $agency } customer space (identifier { $account }). This e-mail address already has an account: you only need to attach your agency account to it, with the password that you use already.
letter-already-account-not-me = Not you? Do not pass this message on to anybody. Without an answer from you, nothing will be attached to your account.

letter-reset-password-title = choose a new password
letter-reset-password-text = You asked for a new password for your { $agency } account.
letter-reset-whose = Several people receive their e-mails at this address. You will be asked which account is meant:
letter-reset-whose-one = { $agency }, identifier { $account }
letter-reset-code = Copy this verification code into the page that you left open:
letter-reset-code-duration = Please note: this code is valid for { $duration } only, and only on the page where you asked for this e-mail.
letter-reset-code-keep = Give this code to nobody: neither your agency nor we will ever ask you for it.
letter-reset-or-link = Or open this link, valid for { $duration }:
letter-reset-password-not-me = Not you? Ignore this message: your current password stays valid.

letter-first-sign-in-title = your first sign-in
letter-first-sign-in-text = You asked for a new password for the { $agency } customer space. Your account has not been updated yet: your password is still the one that your agency gave you.
letter-first-sign-in-how = Sign in with the identifier and the password given by your agency. You will then choose a password of your own:
letter-first-sign-in-open = Sign in
letter-first-sign-in-lost = If you no longer have it at all, contact { $agency }, which will give you a new one.
letter-first-sign-in-not-me = Not you? Ignore this message: nothing has been changed.

letter-password-changed-title = your password has changed
letter-password-changed-text = The password of your { $agency } account was changed on { $at }. Your other devices have been signed out. If that was you, there is nothing to do.
letter-password-changed-not-me = Not you? Choose a new password at once:

letter-confirm-new-email-title = confirm your new e-mail address
letter-confirm-new-email-text = You gave this address as the new address of your { $agency } account. The old one stays valid until this one is confirmed.
letter-confirm-new-email-not-me = Not you? Do not pass this message on to anybody. Without an answer from you, nothing will be changed.

letter-email-changed-title = your e-mail address has changed
letter-email-changed-text = The e-mail address of your { $agency } account was replaced by { $email } on { $at }. If that was you, there is nothing to do.
letter-email-changed-not-me = Not you? Contact { $agency } at once:

letter-address-chosen-title = another e-mail address was chosen
letter-address-chosen-text = Your agency knows this address for the { $agency } customer space (identifier { $account }). Another e-mail address has just been chosen to sign in there. If that was you, there is nothing to do.
letter-address-chosen-not-me = Not you? Contact { $agency } at once: the agency can stop this request. Do not answer to anybody else.

letter-account-attached-title = an account was attached
letter-account-attached-text = The agency account { $account } ({ $agency }) was attached to your account. If that was you, there is nothing to do.
letter-account-attached-not-me = Not you? Tell { $agency }, and change your password from the page “My account”:
letter-accounts-attached-title = your accounts are together
letter-accounts-attached-text = { $agency } says that you have several accounts there. This was attached to your account, together with the one that you have just brought up to date:
letter-accounts-attached-password = Your password is applied to all your accounts. The old passwords are of no use any more.
letter-accounts-attached-not-yours = Is one of these accounts not yours? Detach it from the page “My account”, and tell { $agency }:
letter-own-password-title = the password of one of your accounts
letter-own-password-set = The agency account { $account } ({ $agency }) has a password of its own from now on. If that was you, there is nothing to do.
letter-own-password-gone = The agency account { $account } ({ $agency }) opens with your common password again. If that was you, there is nothing to do.
letter-own-password-not-me = Not you? Choose a new common password at once. You can then change this choice from the page “My account”.

letter-account-detached-title = an account was detached
letter-account-detached-text = The agency account { $account } ({ $agency }) was detached from your account. If this was you, there is nothing to do.
letter-account-detached-not-me = This was not you? Change your password on the page “My account”, and tell { $agency }:

letter-account-withdrawn-title = an account is no longer available
letter-account-withdrawn-text = The agency account { $account } ({ $agency }) is no longer attached to your account: the agency has closed it, or has given it to somebody else. Your other accounts stay as they are.
letter-account-withdrawn-not-me = If this surprises you, contact { $agency }. Your attached accounts are here:
letter-reset-waits = Your e-mail address has changed recently. For your safety this link will only work from { $at }. It will then be valid for { $duration }.
letter-password-changed-hold = So that nobody can change your e-mail address in the meantime, open this link too and choose “This is not me”:
letter-email-changed-undo = Wasn't it you? Open this link at once: you can put a hold on it, or restore your address with your password.
letter-request-held-title = a request is on hold
letter-request-held-run = Somebody who received our e-mail answered “This is not me” to the update of the access to { $agency } (identifier { $about }).
letter-request-held-new-email = Somebody who received our e-mail answered “This is not me” to the change of the e-mail address of your { $agency } account (new address { $about }).
letter-request-held-changed-email = Somebody who received our e-mail answered “This is not me” to the change of the e-mail address of your { $agency } account (new address { $about }).
letter-request-held-changed-password = Somebody who received our e-mail answered “This is not me” to the change of the password of your { $agency } account.
letter-request-held-until-run = Until { $at } the link in that e-mail only works in the browser where the request began.
letter-request-held-until-new-email = Until { $at } the link in that e-mail only works in a browser that is signed in to your account.
letter-request-held-until-changed-email = Until { $at } the address cannot be changed again, and no new password can be chosen through the new address.
letter-request-held-until-changed-password = Until { $at } the e-mail address of your account cannot be changed.
letter-request-held-me = Was it you who made this request? The code in the e-mail, typed where you began, is still valid. Nothing is lost.
letter-request-held-me-changed = Was it you who made this change? It stands: you have nothing to do.
letter-request-held-not-me = Wasn't it you? If somebody may know your password, choose a new one:
letter-email-restored-title = your e-mail address is restored
letter-email-restored-text = On { $at } the e-mail address of your { $agency } account was restored: { $email }. All devices were signed out.
letter-email-restored-password = The password is again the one from before the change of address. If somebody may know it, choose a new one:

letter-address-request-subject = Request to change an e-mail address (identifier { $account })
letter-address-request-text = A resident of { $agency } asks to have the e-mail address of the account changed (identifier { $account }). The request was made while signed in to that account.
letter-address-request-now = Present address: { $email }
letter-address-request-new = Address asked for: { $email }
letter-address-request-message = Their message:
letter-address-request-check = Make sure by another way (telephone, letter) that the request really is theirs, then pass it on to whoever runs the portal. Nothing is changed until then. The resident has received an e-mail that tells of this request.

letter-address-requested-title = your request has been passed on
letter-address-requested-text = You asked { $agency } to change the e-mail address of your account. Your request has been passed on.
letter-address-requested-text-new = You asked { $agency } to change the e-mail address of your account (new address { $email }). Your request has been passed on.
letter-address-requested-until = Until { $agency } has changed it, the present address stays valid.
letter-address-requested-not-me = It wasn't you? Tell { $agency } at once, and choose a new password:
