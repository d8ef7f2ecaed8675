letter-hello = Bonjour,
letter-hello-names = Bonjour { $names },
letter-subject = { $agency } : { $title }
letter-bye = Cordialement,
letter-password-never = Cet e-mail a été envoyé automatiquement. Personne ne vous demandera jamais votre mot de passe, ni par e-mail, ni par téléphone.
letter-copy-link = Si le bouton ne fonctionne pas, copiez cette adresse dans votre navigateur :
letter-code = Recopiez ce code dans la page restée ouverte :
letter-code-or-link = Recopiez ce code dans la page restée ouverte :
letter-code-duration = Ce code est valable { $duration }.
letter-or-link = Ou bien ouvrez ce lien, valable { $duration }, puis cliquez sur le bouton de la page :
letter-link = Ouvrez ce lien, valable { $duration }, et suivez les indications :
letter-reach = Pour joindre { $agency } :
letter-answer = Vous pouvez aussi répondre à cet e-mail.
letter-also = Ce compte vous donne aussi accès à :
letter-also-phone = { $agency }, téléphone { $phone }
letter-disown = Vous pouvez aussi ouvrir le lien et choisir « Ce n'est pas moi ».
letter-reset-open = Choisir un nouveau mot de passe
letter-account-open = Ouvrir Mon compte

letter-confirm-address-title = confirmez votre adresse email
letter-confirm-address-text = Vous mettez à jour votre accès à l'espace client { $agency } (identifiant { $account }). Il reste à confirmer que cette adresse email est bien la vôtre.
letter-confirm-address-not-me = Ce n'est pas vous ? Ne transmettez ce message à personne. Sans réponse de votre part, rien ne sera modifié.

letter-already-account-title = vous avez déjà un compte
letter-already-account-text = Vous souhaitez accéder à l'espace client { $agency } (identifiant { $account }). Cette adresse email a déjà un compte : il suffit d'y associer votre compte d'agence, avec le mot de passe que vous utilisez déjà.
letter-already-account-not-me = Ce n'est pas vous ? Ne transmettez ce message à personne. Sans réponse de votre part, rien ne sera associé à votre compte.

letter-reset-password-title = choisissez un nouveau mot de passe
letter-reset-password-text = Vous avez demandé un nouveau mot de passe pour votre compte { $agency }.
letter-reset-whose = Plusieurs personnes reçoivent leurs e-mails à cette adresse. Il vous sera demandé de quel compte il s'agit :
letter-reset-whose-one = { $agency }, identifiant { $account }
letter-reset-code = Recopiez ce code de vérification dans la page restée ouverte :
letter-reset-code-duration = Attention : ce code n'est valable que { $duration }, et seulement dans la page où vous avez demandé cet e-mail.
letter-reset-code-keep = Ne donnez ce code à personne : ni votre agence, ni nous, ne vous le demanderons jamais.
letter-reset-or-link = Ou bien ouvrez ce lien, valable { $duration } :
letter-reset-password-not-me = Ce n'est pas vous ? Ignorez ce message : votre mot de passe actuel reste valable.

letter-first-sign-in-title = votre première connexion
letter-first-sign-in-text = Vous avez demandé un nouveau mot de passe pour l'espace client { $agency }. Votre compte n'a pas encore été mis à jour : votre mot de passe est toujours celui que votre agence vous a donné.
letter-first-sign-in-how = Connectez-vous avec l'identifiant et le mot de passe donnés par votre agence. Vous choisirez ensuite votre propre mot de passe :
letter-first-sign-in-open = Se connecter
letter-first-sign-in-lost = Si vous ne l'avez plus du tout, contactez { $agency }, qui vous en remettra un nouveau.
letter-first-sign-in-not-me = Ce n'est pas vous ? Ignorez ce message : rien n'a été modifié.

letter-password-changed-title = votre mot de passe a changé
letter-password-changed-text = Le mot de passe de votre compte { $agency } a été modifié le { $at }. Vos autres appareils ont été déconnectés. Si c'est vous, vous n'avez rien à faire.
letter-password-changed-not-me = Ce n'est pas vous ? Choisissez tout de suite un nouveau mot de passe :

letter-confirm-new-email-title = confirmez votre nouvelle adresse email
letter-confirm-new-email-text = Vous avez indiqué cette adresse comme nouvelle adresse de votre compte { $agency }. L'ancienne reste valable tant que celle-ci n'est pas confirmée.
letter-confirm-new-email-not-me = Ce n'est pas vous ? Ne transmettez ce message à personne. Sans réponse de votre part, rien ne sera modifié.

letter-email-changed-title = votre adresse email a changé
letter-email-changed-text = L'adresse email de votre compte { $agency } a été remplacée par { $email } le { $at }. Si c'est vous, vous n'avez rien à faire.
letter-email-changed-not-me = Ce n'est pas vous ? Contactez tout de suite { $agency } :

letter-address-chosen-title = une autre adresse email a été choisie
letter-address-chosen-text = Votre agence connaît cette adresse pour l'espace client { $agency } (identifiant { $account }). Une autre adresse email vient d'être choisie pour s'y connecter. Si c'est vous, vous n'avez rien à faire.
letter-address-chosen-not-me = Ce n'est pas vous ? Contactez tout de suite { $agency } : l'agence peut arrêter cette demande. Ne répondez à personne d'autre.

letter-account-attached-title = un compte a été associé
letter-account-attached-text = Le compte d'agence { $account } ({ $agency }) a été associé à votre compte. Si c'est vous, vous n'avez rien à faire.
letter-account-attached-not-me = Ce n'est pas vous ? Prévenez { $agency }, et changez votre mot de passe depuis la page « Mon compte » :
letter-accounts-attached-title = vos comptes sont réunis
letter-accounts-attached-text = D'après { $agency }, vous avez plusieurs comptes dans cette agence. Voici ce qui a été associé à votre compte, avec celui que vous venez de mettre à jour :
letter-accounts-attached-password = Votre mot de passe est appliqué à tous vos comptes. Les anciens mots de passe ne servent plus.
letter-accounts-attached-not-yours = L'un de ces comptes n'est pas le vôtre ? Détachez-le depuis la page « Mon compte », et prévenez { $agency } :
letter-own-password-title = le mot de passe d'un de vos comptes
letter-own-password-set = Le compte d'agence { $account } ({ $agency }) a désormais son propre mot de passe. Si c'est vous, vous n'avez rien à faire.
letter-own-password-gone = Le compte d'agence { $account } ({ $agency }) s'ouvre à nouveau avec votre mot de passe commun. Si c'est vous, vous n'avez rien à faire.
letter-own-password-not-me = Ce n'est pas vous ? Choisissez tout de suite un nouveau mot de passe commun. Vous pourrez ensuite changer ce choix depuis la page « Mon compte ».

letter-account-detached-title = un compte a été détaché
letter-account-detached-text = Le compte d'agence { $account } ({ $agency }) a été détaché de votre compte. Si c'est vous, vous n'avez rien à faire.
letter-account-detached-not-me = Ce n'est pas vous ? Changez votre mot de passe depuis la page « Mon compte », et prévenez { $agency } :

letter-account-withdrawn-title = un compte n'est plus accessible
letter-account-withdrawn-text = Le compte d'agence { $account } ({ $agency }) n'est plus associé à votre compte : l'agence l'a fermé, ou l'a confié à une autre personne. Vos autres comptes ne changent pas.
letter-account-withdrawn-not-me = Si cela vous surprend, contactez { $agency }. Vos comptes associés se trouvent ici :
letter-reset-waits = Votre adresse email a changé récemment. Par sécurité, ce lien ne fonctionnera qu'à partir du { $at }. Il sera alors valable { $duration }.
letter-password-changed-hold = Pour que personne ne puisse changer votre adresse email en attendant, ouvrez aussi ce lien et choisissez « Ce n'est pas moi » :
letter-email-changed-undo = Ce n'est pas vous ? Ouvrez tout de suite ce lien : vous pourrez bloquer la situation, ou rétablir votre adresse avec votre mot de passe.
letter-request-held-title = une demande est mise en attente
letter-request-held-run = Une personne qui a reçu notre e-mail a répondu « Ce n'est pas moi » à la mise à jour de l'accès à l'espace client { $agency } (identifiant { $about }).
letter-request-held-new-email = Une personne qui a reçu notre e-mail a répondu « Ce n'est pas moi » au changement d'adresse email de votre compte { $agency } (nouvelle adresse { $about }).
letter-request-held-changed-email = Une personne qui a reçu notre e-mail a répondu « Ce n'est pas moi » au changement d'adresse email de votre compte { $agency } (nouvelle adresse { $about }).
letter-request-held-changed-password = Une personne qui a reçu notre e-mail a répondu « Ce n'est pas moi » au changement du mot de passe de votre compte { $agency }.
letter-request-held-until-run = Le lien de cet e-mail ne fonctionne plus ailleurs que dans le navigateur où la demande a commencé, jusqu'au { $at }.
letter-request-held-until-new-email = Le lien de cet e-mail ne fonctionne plus ailleurs que dans un navigateur connecté à votre compte, jusqu'au { $at }.
letter-request-held-until-changed-email = Jusqu'au { $at }, l'adresse ne peut plus être changée et la nouvelle adresse ne permet pas de choisir un nouveau mot de passe.
letter-request-held-until-changed-password = Jusqu'au { $at }, l'adresse email de votre compte ne peut pas être changée.
letter-request-held-me = C'est bien vous qui avez fait cette demande ? Le code reçu par e-mail, saisi là où vous avez commencé, reste valable. Rien n'est perdu.
letter-request-held-me-changed = C'est bien vous qui avez fait ce changement ? Il reste valable : vous n'avez rien à faire.
letter-request-held-not-me = Ce n'est pas vous ? Si quelqu'un peut connaître votre mot de passe, choisissez-en un nouveau :
letter-email-restored-title = votre adresse email est rétablie
letter-email-restored-text = Le { $at }, l'adresse email de votre compte { $agency } a été rétablie : { $email }. Tous les appareils ont été déconnectés.
letter-email-restored-password = Le mot de passe est de nouveau celui d'avant le changement d'adresse. Si quelqu'un peut le connaître, choisissez-en un nouveau :

letter-address-request-subject = Demande de changement d'adresse email (identifiant { $account })
letter-address-request-text = Un résident de { $agency } demande le changement de l'adresse email de son compte (identifiant { $account }). Il a fait cette demande en étant connecté à ce compte.
letter-address-request-now = Adresse actuelle : { $email }
letter-address-request-new = Adresse demandée : { $email }
letter-address-request-message = Son message :
letter-address-request-check = Assurez-vous par un autre moyen (téléphone, courrier) que la demande vient bien de lui, puis transmettez-la à la personne qui administre le portail. Rien n'est changé d'ici là. Le résident a reçu un e-mail qui l'informe de cette demande.

letter-address-requested-title = votre demande est transmise
letter-address-requested-text = Vous avez demandé à { $agency } de changer l'adresse email de votre compte. Votre demande lui a été transmise.
letter-address-requested-text-new = Vous avez demandé à { $agency } de changer l'adresse email de votre compte (nouvelle adresse { $email }). Votre demande lui a été transmise.
letter-address-requested-until = Tant que { $agency } ne l'a pas changée, l'adresse actuelle reste valable.
letter-address-requested-not-me = Ce n'est pas vous ? Prévenez tout de suite { $agency }, et choisissez un nouveau mot de passe :
