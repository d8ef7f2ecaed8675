//! The form extranet's pages, as a firm had them made twenty years ago: tables, a menu, one style sheet.

use axum::http::HeaderMap;

use super::register::Sent;
use crate::demo::{
    data::Account,
    html::{escape, headers_table, table},
};

const FIRM: &str = "Cabinet Vasseur &amp; Fils";

/// Why the sign-in form is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Wrong,
    Blocked,
}

const NOTICES: [(&str, &str); 3] = [
    ("14/11/2026", "Relevé général des dépenses de l'exercice 2025-2026 : disponible dans la rubrique « Relevé »."),
    (
        "03/11/2026",
        "Ravalement de la façade nord : l'échafaudage sera monté le 30 novembre. Merci de vider les balcons.",
    ),
    ("22/09/2026", "Assemblée générale : le procès-verbal est affiché dans le hall du bâtiment A."),
];

pub(super) fn sign_in(token: &str, return_to: &str, refusal: Option<Refusal>) -> String {
    let refusal = match refusal {
        None => "",
        Some(Refusal::Wrong) => "<div class=\"erreur\">Identifiant ou mot de passe incorrect</div>\n",
        Some(Refusal::Blocked) => "<div class=\"erreur\">Compte bloqué</div>\n",
    };
    let body = format!(
        r#"{refusal}<form name="connexion" method="post" action="/identification.php">
<input type="hidden" name="jeton" value="{token}">
<input type="hidden" name="retour" value="{return_to}">
<table border="0" cellspacing="0" cellpadding="4">
<tr><td><label for="identifiant">Identifiant</label></td><td><input id="identifiant" name="identifiant" size="24"></td></tr>
<tr><td><label for="motdepasse">Mot de passe</label></td><td><input id="motdepasse" name="motdepasse" type="password" size="24"></td></tr>
<tr><td></td><td><input type="submit" name="valider" value="Connexion"></td></tr>
</table>
</form>
<p><font size="2">Votre identifiant et votre mot de passe figurent sur vos appels de fonds.</font></p>
"#,
        token = escape(token),
        return_to = escape(return_to),
    );
    frame("Espace clients : identification", None, &body)
}

pub(super) fn home(account: &Account) -> String {
    let body = format!(
        r#"<p><b>Bonjour {name}</b></p>
<p>Bienvenue dans votre espace clients. Vous y trouverez les avis de votre syndic, votre relevé et un formulaire pour nous écrire.</p>
<h2><font size="3" color="navy">Derniers avis</font></h2>
{notices}"#,
        name = escape(&account.name),
        notices = table(NOTICES.into_iter().take(2)),
    );
    frame("Accueil", Some(account), &body)
}

pub(super) fn notices(account: &Account) -> String {
    frame("Avis aux résidents", Some(account), &table(NOTICES))
}

pub(super) fn statement(account: &Account) -> String {
    let body = format!(
        "<p>Relevé de charges au 30/09/2026, {lot}.</p>\n\
         <p><a href=\"/releve.pdf\">Télécharger le relevé (PDF, environ 3 Mo)</a></p>\n",
        lot = escape(&account.lot),
    );
    frame("Relevé", Some(account), &body)
}

pub(super) fn message(account: &Account, sent: Option<&Sent>) -> String {
    let receipt = sent.map(receipt).unwrap_or_default();
    let body = format!(
        r#"{receipt}<form method="post" action="/message.php" enctype="multipart/form-data">
<p><label for="message">Votre message</label><br><textarea id="message" name="message" rows="8" cols="60"></textarea></p>
<p><label for="fichier">Pièce jointe</label> <input id="fichier" type="file" name="fichier"></p>
<p><input type="submit" value="Envoyer"></p>
</form>
"#
    );
    frame("Nous écrire", Some(account), &body)
}

pub(super) fn profile(account: &Account) -> String {
    let rows = [
        ("Nom", account.name.as_str()),
        ("Qualité", account.kind.label()),
        ("Identifiant", &account.login),
        ("Adresse e-mail", account.email.as_deref().unwrap_or("non renseignée")),
        ("Lot", &account.lot),
    ];
    let body = table(rows) + "<p><a href=\"/motdepasse.php\">changer mon mot de passe</a></p>\n";
    frame("Mon profil", Some(account), &body)
}

pub(super) fn change_password(account: &Account, changed: Option<bool>) -> String {
    let outcome = match changed {
        None => "",
        Some(true) => "<div class=\"succes\">Mot de passe changé</div>\n",
        Some(false) => "<div class=\"erreur\">Ancien mot de passe incorrect</div>\n",
    };
    let body = format!(
        r#"{outcome}<form method="post" action="/motdepasse.php">
<p><label for="ancien">Ancien mot de passe</label><br><input id="ancien" type="password" name="ancien"></p>
<p><label for="nouveau">Nouveau mot de passe</label><br><input id="nouveau" type="password" name="nouveau"></p>
<p><input type="submit" value="Changer"></p>
</form>
"#
    );
    frame("Changer mon mot de passe", Some(account), &body)
}

pub(super) fn headers(account: &Account, headers: &HeaderMap) -> String {
    frame("En-têtes reçus", Some(account), &headers_table(headers))
}

pub(super) fn legal() -> String {
    let body = "<p>Cabinet Vasseur &amp; Fils, administrateur de biens : un cabinet imaginaire, pour la démonstration \
                de Vestibule. Ses résidents, leurs immeubles et leurs documents sont inventés.</p>\n";
    frame("Mentions légales", None, body)
}

pub(super) fn stale_form() -> String {
    let body = "<div class=\"erreur\">Formulaire expiré</div>\n\
                <p><a href=\"/identification.php\">Revenir à la page d'identification</a></p>\n";
    frame("Formulaire expiré", None, body)
}

pub(super) fn not_found() -> String {
    frame("Page introuvable", None, "<p>Cette page n'existe pas ou n'existe plus.</p>\n")
}

pub(super) fn broken_upload() -> String {
    frame("Envoi interrompu", None, "<div class=\"erreur\">L'envoi n'est pas arrivé en entier.</div>\n")
}

fn receipt(sent: &Sent) -> String {
    let file = match &sent.file {
        None => vec![("Pièce jointe", "aucune".to_owned())],
        Some(file) => vec![
            ("Pièce jointe", file.name.clone()),
            ("Taille", format!("{} octets", file.size)),
            ("Empreinte SHA-256", file.digest.clone()),
        ],
    };
    let rows = [("Message", sent.text.clone())].into_iter().chain(file);
    format!("<div class=\"succes\">Votre message a bien été envoyé</div>\n{}", table(rows))
}

fn frame(title: &str, account: Option<&Account>, body: &str) -> String {
    let menu = account.map(menu).unwrap_or_default();
    format!(
        r#"<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">
<html lang="fr">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-1">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - {FIRM}</title>
<link rel="stylesheet" type="text/css" href="/static/style.css">
</head>
<body>
<table class="cadre" align="center" cellspacing="0" cellpadding="10">
<tr><td class="bandeau"><img src="/static/logo.gif" width="48" height="32" alt="" align="middle"> <font size="4">{FIRM}</font><br>
<font size="2">Syndic de copropriété, gestion locative depuis 1961</font></td></tr>
{menu}<tr><td>
<h1>{title}</h1>
{body}</td></tr>
<tr><td class="pied"><a href="/mentions.php">Mentions légales</a></td></tr>
</table>
</body>
</html>
"#
    )
}

fn menu(account: &Account) -> String {
    format!(
        "<tr><td class=\"menu\"><a href=\"/accueil.php\">Accueil</a> | <a href=\"/avis.php\">Avis</a> | \
         <a href=\"/releve.php\">Relevé</a> | <a href=\"/message.php\">Nous écrire</a> | \
         <a href=\"/profil.php\">Mon profil</a> | <a href=\"/deconnexion.php\">Déconnexion</a><br>\n\
         <font size=\"2\">connecté en tant que {}</font></td></tr>\n",
        escape(&account.login)
    )
}
