codes-title = Find your agency
codes-text = Enter the two codes of your agency. You find them in its letters, or in the sign-in address that it gave you.
codes-last = Continue with { $agency }
codes-forget = Forget this agency on this device
codes-other = Another agency?
codes-client = Client code
codes-societe = Company code
codes-hint = In the sign-in address, the client code stands after “client=” and the company code after “societe=”.
codes-have-account = I have an account: e-mail and password
codes-email-is-enough = I have an account: my e-mail address is enough

home-title = Sign in to your account
home-email = E-mail address
home-first-title = First time here
home-first-text = You have not chosen an e-mail address and a password here yet? Then tell us your agency first, by its two codes: you find them in its letters, or in the sign-in address that it gave you.

sign-in-title = Sign in
sign-in-heading = Sign in to your customer space
sign-in = Sign in
forgotten-link = Forgotten password?
keep = Keep me signed in
keep-hint = Only tick this on your own device.
trouble-title = Having trouble signing in?
trouble-agency = Not your agency?
trouble-agency-link = Choose another one
trouble-first = First time here: use the identifier and the password that your agency gave you.
old-password-lost = Cannot find the password that your agency gave you?
trouble-email = Account already updated: use your e-mail address and the password that you chose.
trouble-kept = Account already updated: use your identifier and the password that you chose. Your e-mail address is not your identifier.
trouble-typing = Check capital and small letters, and that no space slipped in at the beginning or the end.
given-title = My agency gave me a new password
given-text = Enter the identifier and the password just as your agency gave them to you. We will check them with it.
given-login = Identifier from your agency
given-password = Password from your agency
given-hint = Not the one that you chose here.
given-go = Check with my agency

terms-title = Terms of use
terms-text = Before you enter your { $agency } space, please read the terms below, then accept them at the bottom of the page.
terms-version = Version { $version }
terms-accept = I have read and accept these terms
terms-hint = Tick this box, then click “Continue”.

forgotten-title = Forgotten password
forgotten-text = Enter your e-mail address or your identifier. We will send you an e-mail to choose a new password.
forgotten-text-email = Enter the e-mail address of your account. We will send you an e-mail to choose a new password.
forgotten-send = Send me the e-mail
forgotten-old-title = Not updated your account yet?
forgotten-old-text = Your password is the one that your agency gave you. If you no longer have it, contact the agency: it will give you a new one.
back-to-sign-in = Back to sign in
forgotten-sent-title = Request received
forgotten-sent-text = If an account exists with these details, an e-mail has just been sent to it. Open it and click the link to choose a new password.
forgotten-sent-duration = The link is valid for { $duration }. You can close this page.
forgotten-sent-old = If you have not updated your account yet, no e-mail can be sent to you: contact your agency.

reset-title = Choose a new password
reset-done-title = Password reset
reset-done-text = Your password has been updated.
reset-done-redirect = You will be taken to the sign-in page in { $duration }.
reset-done-click = If nothing happens, click here:
reset-done-sign-in = Sign in
reset-waits-title = This link will work later
reset-waits-text = The e-mail address of this account has changed recently. For your safety this link will work from <strong>{ $at }</strong>.
reset-waits-why = The former address was told, so that nobody can take your account in your place. Keep the e-mail and open the link then.
reset-waits-agency = Is it urgent? Contact { $agency }.
