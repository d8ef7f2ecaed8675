privacy-title = Your personal data
privacy-lead = This page explains which data are kept to sign you in to your { $agency } space, why, and what your rights are.
privacy-who-title = Who is responsible?
privacy-who = { $agency } is responsible for your data. This portal handles them on its behalf, as a processor, and only to give you access to your customer space. The data protection officer can be reached through the agency.
privacy-what-title = Which data?
privacy-what-email = Your e-mail address.
privacy-what-password = A fingerprint of your password. Nobody, not even your agency, can read the password itself.
privacy-what-accounts = The identifiers of the attached agency accounts. If the agency's customer space requires it, its old password is kept encrypted.
privacy-what-terms = The version of the terms that you accepted, with the date and the IP address.
privacy-what-devices = The browser and the day of your last sign-in on each recognised device. You can have it forgotten in “My account”.
privacy-what-events = A security log: sign-ins, failures, changes of password or address, with the date and the IP address.
privacy-source = Your identifier, and sometimes your e-mail address, come from your agency. The rest comes from you.
privacy-why-title = Why?
privacy-why-access = To give you access to your customer space (performance of the contract).
privacy-why-security = To protect your account against intruders (legal duty of security).
privacy-why-proof = To keep the proof that you accepted the terms (legitimate interest).
privacy-to-title = Who receives them?
privacy-to = { $agency }, and the providers that host the portal and send its e-mails. Your data are neither sold nor used for advertising. A new e-mail address is not passed on to your agency.
privacy-long-title = For how long?
privacy-long-account = Your account: as long as you use it, or until you ask for its deletion.
privacy-long-unfinished = An update that was left unfinished: 30 days at most.
privacy-long-mail = The e-mails sent: { $days } days at most.
privacy-long-events = The security log: { $months ->
    [one] { $months } month at most.
   *[other] { $months } months at most.
}
privacy-long-terms = The proof of your acceptance: as long as claims can be made.
privacy-cookies-title = Cookies
privacy-cookies-text = Only cookies that the service needs are set. None of them follows you: that is why you are not asked for consent.
privacy-cookie-session = <strong>Session</strong>: spares you typing your password on every page. It goes when you sign out.
privacy-cookie-form = <strong>Form protection</strong>: keeps another site from sending a form in your place. For the time of the visit.
privacy-cookie-language = <strong>Language</strong>: remembers your choice between French and English.
privacy-cookie-keep = <strong>Keep me signed in</strong>: only if you ticked the box, 30 days at most.
privacy-cookie-device = <strong>Known device</strong>: recognises your device after a first sign-in, so that nobody can lock your account by trying passwords. { $days } days after your last sign-in on that device.
privacy-cookie-agency = <strong>Last agency</strong>: remembers which agency and which account you opened last, to lead you back there. { $days } days; “Forget this agency” removes it.
privacy-rights-title = Your rights
privacy-rights = You can ask { $agency } for access to your data, their correction, erasure, portability, the restriction of their use, or object to it. You can change your e-mail address and your password yourself in “My account”.
privacy-complaint = If the answer does not satisfy you, you can complain to the French data protection authority, the CNIL:
