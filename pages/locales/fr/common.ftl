# Ce qui entoure chaque page. Les espaces insécables sont posées par le programme : écrire des espaces ordinaires.
skip = Aller au contenu
busy = Un instant…
title-error = Erreur :
update-title = Mise à jour de votre service en ligne
progress = Étape { $step } sur { $of }
nav-account = Mon compte
my-account = Mon compte
sign-out = Se déconnecter
continue = Continuer
next = Suivant
next-step = Étape suivante
validate = Valider
save = Enregistrer
cancel = Annuler
modify = Modifier
print = Imprimer
print-keys = Pour imprimer cette page, appuyez sur les touches Ctrl et P.
privacy-link = Vos données personnelles
language-picker = Langue
language-fr = Français
language-en = English
support-title = Besoin d'aide ?
support-text = { $agency } peut vous répondre :
support-phone = Par téléphone :
support-email = Par e-mail :
support-page = Voir la page d'aide

duration-seconds = { $count ->
    [one] { $count } seconde
   *[other] { $count } secondes
}
duration-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
duration-hours = { $count ->
    [one] { $count } heure
   *[other] { $count } heures
}

email = Adresse email
email-example = Exemple : prenom.nom@exemple.fr
login = Email ou identifiant
login-kept = Identifiant
password = Mot de passe
password-new = Nouveau mot de passe
password-again = Confirmez le nouveau mot de passe
password-current = Mot de passe actuel
password-show = Afficher
password-hide = Masquer
caps-lock = Attention, la touche Majuscule est verrouillée.

criteria-intro = Votre mot de passe doit respecter les critères suivants :
criteria-advice = Évitez votre nom, une date de naissance ou un mot de passe déjà utilisé sur un autre site.
good-password = Mot de passe validé ✓
good-confirmation = Les deux saisies sont identiques ✓
criterion-met = respecté
criterion-unmet = à respecter
criterion-length = Au moins { $number } caractères
criterion-upper = Au moins une majuscule
criterion-lower = Au moins une minuscule
criterion-digit = Au moins un chiffre
criterion-special = Au moins un caractère spécial (par exemple ! ? + -)
criterion-kinds = Au moins { $number } de ces 4 sortes de signes :
criterion-kind-upper = des majuscules (A, B, C…)
criterion-kind-lower = des minuscules (a, b, c…)
criterion-kind-digit = des chiffres (1, 2, 3…)
criterion-kind-special = des caractères spéciaux (par exemple ! ? + -)
criterion-of = sur 4

check-several = Il y a plusieurs choses à corriger :
error-email-missing = Saisissez votre adresse email.
error-email-or-identifier-missing = Saisissez votre adresse email ou votre identifiant.
error-email-malformed = Cette adresse email n'a pas la bonne forme. Vérifiez le signe @ et la fin de l'adresse.
error-email-too-long = Cette adresse email est trop longue.
error-email-again-missing = Saisissez la nouvelle adresse une seconde fois.
error-emails-differ = Les deux adresses email ne sont pas identiques.
error-email-unchanged = Cette adresse est déjà la vôtre. Saisissez la nouvelle adresse.
error-login-missing = Saisissez votre adresse email ou votre identifiant.
error-login-address-missing = Saisissez votre adresse email.
error-login-identifier-missing = Saisissez votre identifiant.
error-present-missing = Saisissez votre mot de passe.
error-current-missing = Saisissez votre mot de passe actuel.
error-current-wrong = Ce mot de passe n'est pas le bon. Vérifiez les majuscules et les minuscules, puis recommencez.
error-password-missing = Saisissez le nouveau mot de passe.
error-password-again-missing = Saisissez le nouveau mot de passe une seconde fois.
error-password-too-short = Ce mot de passe est trop court : il faut au moins { $number } caractères.
error-password-too-long = Ce mot de passe est trop long : { $number } caractères au plus.
error-password-criteria = Ce mot de passe ne respecte pas tous les critères de la liste.
error-password-common = Ce mot de passe est trop courant et trop facile à deviner. Choisissez-en un autre.
error-password-personal = Ce mot de passe ressemble trop à votre nom, à votre adresse email ou à votre identifiant. Choisissez-en un autre.
error-password-old = C'est votre ancien mot de passe. Choisissez-en un nouveau.
error-password-unchanged = Ce mot de passe est déjà le vôtre. Choisissez-en un nouveau.
error-passwords-differ = Les deux mots de passe ne sont pas identiques. Saisissez-les à nouveau.
error-password-not-noted = Cochez la case lorsque vous avez noté votre mot de passe en lieu sûr.
error-code-missing = Saisissez les 8 chiffres reçus par e-mail.
error-client-missing = Saisissez le code client.
error-societe-missing = Saisissez le code société.
error-given-login-missing = Saisissez l'identifiant donné par votre agence.
error-given-password-missing = Saisissez le mot de passe donné par votre agence.
error-agency-login-missing = Saisissez l'identifiant donné par votre agence.
error-agency-password-missing = Saisissez le mot de passe donné par votre agence.
error-others-missing = Saisissez l'ancien mot de passe de ce compte.
error-others-refused = Ce mot de passe n'est pas celui de ce compte, ou trop d'essais ont été faits.
error-message-missing = Indiquez la nouvelle adresse, ou écrivez un message.
error-message-too-long = Ce message est trop long : { $number } caractères au plus.

field-login-refused = Vérifiez ce que vous avez saisi ici.
field-email-refused = Vérifiez cette adresse.
field-password-refused = Saisissez à nouveau le mot de passe.
field-client-unknown = Vérifiez ce code client.
field-societe-unknown = Vérifiez ce code société.

alert-sign-in-refused = Ce couple identifiant et mot de passe est inconnu. Vérifiez votre saisie, ou cliquez sur « Mot de passe oublié ? » sous le bouton « Connexion ».
alert-given-refused = Ce couple identifiant et mot de passe est inconnu de votre agence. Vérifiez votre saisie, ou demandez-lui un nouveau mot de passe.
alert-join-refused = Cette adresse ou ce mot de passe n'est pas le bon. Vérifiez les deux, puis recommencez.
alert-old-credentials = Vos anciens identifiants ont été remplacés. Connectez-vous avec votre adresse email et le nouveau mot de passe que vous avez choisi.
alert-old-password = Votre ancien mot de passe a été remplacé. Votre identifiant n'a pas changé : connectez-vous avec lui et avec le mot de passe que vous avez choisi.
alert-provisional-over = Vos identifiants provisoires ne sont plus valables : ils ont déjà servi ou leur délai est dépassé. Demandez à votre agence de vous en envoyer de nouveaux.
alert-provisional-replaced = Ces identifiants provisoires ont été remplacés : votre agence vous en a remis de nouveaux. Connectez-vous avec les plus récents, ceux du dernier courrier ou e-mail reçu.
alert-must-change = L'espace client de votre agence demande d'abord un nouveau mot de passe. Contactez votre agence : elle vous indiquera comment faire.
alert-account-ready = Votre compte est à jour. Connectez-vous avec votre adresse email et votre nouveau mot de passe.
alert-account-ready-as-before = Votre compte est à jour. Connectez-vous avec votre identifiant, qui n'a pas changé, et votre nouveau mot de passe.
alert-signed-out = Vous êtes déconnecté.
alert-session-over = Votre session a pris fin. Pour continuer, connectez-vous à nouveau.
alert-unknown-codes = Ces codes ne correspondent à aucune agence. Vérifiez-les sur le courrier de votre agence.
alert-wrong-code = { $number ->
    [one] Ce code n'est pas le bon. Il vous reste { $number } essai.
   *[other] Ce code n'est pas le bon. Il vous reste { $number } essais.
}
alert-code-dead = Ce code a été essayé trop de fois et n'est plus valable. Demandez un nouvel e-mail avec le bouton ci-dessous.
alert-expired = Le délai est dépassé : ce code ou ce lien n'est plus valable. Demandez un nouvel e-mail avec le bouton ci-dessous.
alert-code-expired = Le délai est dépassé : ce code n'est plus valable. Demandez un nouvel e-mail avec le bouton ci-dessous.
alert-letters-over = Ce code n'est plus valable, et le nombre maximal d'e-mails a été envoyé pour cette demande. Recommencez avec le bouton ci-dessous, ou contactez votre agence.
alert-letter-refused = La messagerie de cette adresse a refusé notre e-mail. Vérifiez l'adresse : elle est peut-être mal écrite, ou la boîte est pleine.
alert-resent = Un nouvel e-mail est en route. Utilisez le plus récent : le précédent n'est plus valable.
alert-resend-later = { $seconds ->
    [one] Un e-mail vient de partir. Vous pourrez en demander un autre dans { $seconds } seconde.
   *[other] Un e-mail vient de partir. Vous pourrez en demander un autre dans { $seconds } secondes.
}
alert-reset-code-refused = Ce code n'est pas valable, ou ne l'est plus. Vérifiez-le, ou demandez-en un nouveau.
alert-reset-asked-again = Si un compte existe avec ces informations, un e-mail est en route. Utilisez toujours le plus récent.
alert-resend-over = Vous avez demandé le nombre maximal d'e-mails pour aujourd'hui. Réessayez demain, ou contactez votre agence.
alert-busy = Plusieurs connexions à ce compte sont en cours en même temps. Rien n'a été perdu : attendez quelques secondes, puis réessayez.
alert-codes-later = Trop de codes inconnus ont été essayés depuis votre connexion internet. Attendez quelques minutes, puis réessayez.
alert-unavailable = Un de nos services ne répond pas pour le moment. Rien n'a été perdu : réessayez dans une minute.
alert-wrong-password = Ce mot de passe n'est pas le bon. Vérifiez les majuscules et les minuscules, puis recommencez.
alert-link-not-opened = Le lien n'a pas encore été ouvert. Ouvrez notre e-mail, cliquez sur le lien qu'il contient, puis sur « Confirmer mon adresse ». Revenez ensuite ici.
alert-stale-email = L'adresse { $email } n'a pas été prise en compte : cette étape était déjà faite, sans doute dans un autre onglet. Voici où vous en êtes. Pour changer d'adresse, revenez à l'étape « Votre adresse email ».
alert-stale-email-over = L'adresse { $email } n'a pas été prise en compte : cette étape était déjà faite, sans doute dans un autre onglet, et l'adresse est confirmée. Voici où vous en êtes.
alert-stale-password = Le mot de passe que vous venez de saisir n'a pas été pris en compte : cette page avait été ouverte avant une autre étape, sans doute dans un autre onglet. Voici où vous en êtes.
alert-restarted = Rien n'est perdu : votre accès est resté comme avant. Pour recommencer, saisissez l'identifiant et le mot de passe donnés par votre agence.
alert-too-early = Prenez le temps de lire cette page : le bouton « Étape suivante » sera disponible dans quelques secondes.
alert-terms-not-accepted = Pour continuer, cochez la case « J'ai lu et j'accepte les présentes conditions ».
alert-password-changed = Votre mot de passe a été modifié. Vos autres appareils ont été déconnectés.
alert-email-changed-as-before = Votre adresse email a été modifiée. Votre identifiant n'a pas changé : c'est toujours avec lui que vous vous connectez.
alert-email-changed = Votre adresse email a été modifiée. Utilisez-la pour vos prochaines connexions.
alert-device-forgotten = Cet appareil est oublié. Il sera à nouveau reconnu à la prochaine connexion.
alert-address-requested = Votre demande est transmise à votre agence. Un e-mail vous le confirme.
alert-requests-over = Vous avez envoyé le nombre maximal de demandes pour aujourd'hui. Réessayez demain, ou contactez votre agence.
alert-account-detached = Le compte d'agence a été détaché. Un e-mail vous le confirme.
alert-own-password-set = Ce compte a désormais son propre mot de passe. Un e-mail vous le confirme.
alert-own-password-gone = Ce compte s'ouvre à nouveau avec votre mot de passe commun. Un e-mail vous le confirme.
alert-attach-refused = Cet identifiant et ce mot de passe ne sont pas connus de l'agence. Vérifiez les majuscules, les minuscules et les chiffres, puis recommencez.
alert-attach-ours = Vous avez saisi une adresse email et un mot de passe choisis ici. Pour associer un compte d'agence, saisissez l'identifiant et le mot de passe remis par l'agence.
alert-attached-already = Ce compte d'agence est déjà associé. S'il n'apparaît pas dans « Mon compte », il l'est à une autre adresse email : déconnectez-vous, puis connectez-vous avec cette adresse.
alert-held = Une personne qui a reçu notre e-mail a répondu « Ce n'est pas moi ». Si vous avez bien fait cette demande, continuez : le code reçu par e-mail reste valable ici.
alert-changes-held = L'adresse email ne peut pas être changée pour le moment : quelqu'un a répondu « Ce n'est pas moi » à l'un de nos e-mails. Réessayez demain, ou contactez votre agence.
alert-address-taken = Votre ancienne adresse sert déjà à un autre compte. Contactez votre agence.
