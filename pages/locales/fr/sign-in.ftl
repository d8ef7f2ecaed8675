codes-title = Trouver votre agence
codes-text = Indiquez les deux codes de votre agence. Ils figurent sur son courrier ou dans l'adresse de connexion qu'elle vous a donnée.
codes-last = Continuer avec { $agency }
codes-forget = Oublier cette agence sur cet appareil
codes-other = Une autre agence ?
codes-client = Code client
codes-societe = Code société
codes-hint = Dans l'adresse de connexion, le code client suit « client= » et le code société suit « societe= ».
codes-have-account = J'ai déjà un compte : email et mot de passe
codes-email-is-enough = J'ai déjà un compte : mon adresse email suffit

home-title = Connexion à votre compte
home-email = Adresse email
home-first-title = Première connexion
home-first-text = Vous n'avez pas encore choisi d'adresse email et de mot de passe ici ? Indiquez d'abord votre agence par ses deux codes : ils figurent sur son courrier ou dans l'adresse de connexion qu'elle vous a donnée.

sign-in-title = Connexion
sign-in-heading = Connexion à votre espace client
sign-in = Connexion
forgotten-link = Mot de passe oublié ?
keep = Garder ma session active
keep-hint = À ne cocher que sur votre appareil personnel.
trouble-title = Vous ne parvenez pas à vous connecter ?
trouble-agency = Ce n'est pas votre agence ?
trouble-agency-link = Choisir une autre agence
trouble-first = Première connexion : utilisez l'identifiant et le mot de passe donnés par votre agence.
old-password-lost = Vous ne retrouvez pas le mot de passe donné par votre agence ?
trouble-email = Compte déjà mis à jour : utilisez votre adresse email et le mot de passe que vous avez choisi.
trouble-kept = Compte déjà mis à jour : utilisez votre identifiant et le mot de passe que vous avez choisi. Votre adresse email n'est pas votre identifiant.
trouble-typing = Vérifiez les majuscules et les minuscules, et qu'aucun espace ne s'est glissé au début ou à la fin.
given-title = Mon agence m'a donné un nouveau mot de passe
given-text = Saisissez l'identifiant et le mot de passe tels que votre agence vous les a donnés. Nous les vérifierons auprès d'elle.
given-login = Identifiant donné par votre agence
given-password = Mot de passe donné par votre agence
given-hint = Pas celui que vous avez choisi ici.
given-go = Vérifier auprès de mon agence

terms-title = Conditions Générales d'Utilisation
terms-text = Avant d'accéder à votre espace { $agency }, lisez les conditions ci-dessous, puis acceptez-les en bas de la page.
terms-version = Version { $version }
terms-accept = J'ai lu et j'accepte les présentes conditions
terms-hint = Cochez cette case, puis cliquez sur « Continuer ».

forgotten-title = Mot de passe oublié
forgotten-text = Saisissez votre adresse email ou votre identifiant. Nous vous enverrons un e-mail pour choisir un nouveau mot de passe.
forgotten-text-email = Saisissez l'adresse email de votre compte. Nous vous enverrons un e-mail pour choisir un nouveau mot de passe.
forgotten-send = Recevoir l'e-mail
forgotten-old-title = Vous n'avez pas encore mis à jour votre compte ?
forgotten-old-text = Votre mot de passe est celui que votre agence vous a donné. Si vous ne l'avez plus, contactez-la : elle vous en remettra un nouveau.
back-to-sign-in = Revenir à la connexion
forgotten-sent-title = Demande enregistrée
forgotten-sent-text = Si un compte existe avec ces informations, un e-mail vient de lui être envoyé. Ouvrez-le et cliquez sur le lien pour choisir un nouveau mot de passe.
forgotten-sent-duration = Le lien est valable { $duration }. Vous pouvez fermer cette page.
forgotten-sent-old = Si vous n'avez pas encore mis à jour votre compte, aucun e-mail ne peut vous être envoyé : contactez votre agence.

reset-title = Choisissez un nouveau mot de passe
reset-done-title = Mot de passe réinitialisé
reset-done-text = Votre mot de passe a bien été mis à jour.
reset-done-redirect = Vous allez être redirigé automatiquement dans { $duration }.
reset-done-click = Si vous n'êtes pas redirigé, cliquez ici :
reset-done-sign-in = Se connecter
reset-waits-title = Ce lien fonctionnera plus tard
reset-waits-text = L'adresse email de ce compte a changé récemment. Par sécurité, ce lien fonctionnera à partir du <strong>{ $at }</strong>.
reset-waits-why = L'ancienne adresse a été prévenue, pour que personne ne puisse prendre votre compte à votre place. Gardez l'e-mail et ouvrez le lien à ce moment-là.
reset-waits-agency = C'est urgent ? Contactez { $agency }.
