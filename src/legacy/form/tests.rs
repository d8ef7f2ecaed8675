use encoding_rs::{UTF_8, WINDOWS_1252};

use super::super::site::tests::site;
use super::super::tests::declared;
use super::*;
use crate::domain::upstream::LoginButton;

const URLENCODED: &str = "application/x-www-form-urlencoded";
const PAIR: &str = "<input name=identifiant value=old><input type=password name=motdepasse>";
const PAIR_SENT: &str = "identifiant=C10023&motdepasse=%E9%26";

/// What is sent: where to, of which type, and what.
struct Sent {
    url: String,
    content_type: String,
    fields: String,
}

fn page(text: &str, encoding: &'static Encoding) -> Page {
    let url = site().page("/espace/identification.php?lang=fr").unwrap();
    Page {
        url,
        status: 200,
        wants_other_than_basic: false,
        redirect: None,
        cookies: Vec::new(),
        text: text.to_owned(),
        encoding,
    }
}

fn told(submission: &Submission) -> Sent {
    let Method::Post(content_type) = &submission.method else { panic!("sent by GET") };
    Sent {
        url: submission.url.to_string(),
        content_type: content_type.to_str().unwrap().to_owned(),
        fields: String::from_utf8_lossy(&submission.fields).into_owned(),
    }
}

fn sent(text: &str, form: &FormLogin) -> Result<Sent, Unfit> {
    match fill_login(&page(text, WINDOWS_1252), &site(), form, "C10023", &Secret::new("é&"))? {
        Filled::Ready(filled) => Ok(told(&filled)),
        Filled::Unwritable => panic!("every alphabet has these"),
    }
}

/// The fields that go with a page, where one button or another is declared.
fn fields_by(text: &str, button: LoginButton, extra: &[(&str, &str)]) -> Result<String, Unfit> {
    let extra = extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    sent(text, &FormLogin { button, extra, ..declared() }).map(|sent| sent.fields)
}

fn fields(text: &str) -> Result<String, Unfit> {
    fields_by(text, LoginButton::Found, &[])
}

/// What goes with the pair, and what stands around it.
fn besides(text: &str, button: LoginButton, extra: &[(&str, &str)]) -> String {
    let sent = fields_by(text, button, extra).unwrap_or_else(|unfit| panic!("{unfit}: {text}"));
    sent.replace(PAIR_SENT, "…")
}

fn posting(inner: &str) -> String {
    format!("<form method=post action=login.php>{inner}</form>")
}

#[test]
fn the_form_is_sent_as_a_browser_would_send_it_untouched() {
    let form = format!(
        "<form method=POST action=login.php><input type=hidden name=jeton value='a b'>{PAIR}\
         <input type=checkbox name=reste checked><input type=checkbox name=pub value=1>\
         <input type=radio name=r value=1><input type=radio name=r value=2 checked>\
         <select name=agence><option value=1>Un<option selected> Deux  Trois </select>\
         <select name=premier><option disabled value=x>-<option value=y>Y</select>\
         <select name=rien multiple><option value=z></select>\
         <textarea name=note>\na\nb</textarea><input name=mort disabled value=x><input value=sansnom>\
         <fieldset disabled><input name=mort2 value=x></fieldset><input type=file name=f>\
         <input type=reset name=raz><button type=button name=oeil>o</button>\
         <input type=submit name=valider value=OK><input type=submit name=autre value=1></form>"
    );
    let sent = sent(&form, &declared()).unwrap();
    assert_eq!(sent.url, "http://extranet.example/espace/login.php");
    assert_eq!(sent.content_type, URLENCODED);
    let others = "reste=on&r=2&agence=Deux+Trois&premier=y&note=a%0D%0Ab&f=&valider=OK";
    assert_eq!(sent.fields, format!("jeton=a+b&{PAIR_SENT}&{others}"));
}

#[test]
fn case_23_each_field_is_sent_as_browsers_send_it_and_no_other() {
    for (field, expected) in [
        ("<input name=vide>", "vide="),
        ("<input name=piege style='position:absolute;left:-9999px'>", "piege="),
        ("<input name=lu readonly value=x>", "lu=x"),
        ("<input type=inconnu name=a value=x>", "a=x"),
        ("<input name=a value='x\ny'>", "a=xy"),
        ("<input type=hidden name=a value='x\ny'>", "a=x%0D%0Ay"),
        ("<input type=email name=a value=' x@y.fr '>", "a=x%40y.fr"),
        ("<input type=number name=a value=douze>", "a="),
        ("<input type=number name=a value=-1.5e3>", "a=-1.5e3"),
        ("<input type=range name=a>", "a=50"),
        ("<input type=range name=a min=1 max=4 value=9>", "a=4"),
        ("<input type=color name=a>", "a=%23000000"),
        ("<input type=radio name=a value=1 checked><input type=radio name=a value=2 checked>", "a=2"),
        ("<input type=radio name=a value=1 checked><input type=radio name=a value=2 checked disabled>", ""),
        ("<input type=radio name=a value=1><input type=radio name=a value=2>", ""),
        ("<input type=checkbox name=a><input type=checkbox name=a value=2 checked>", "a=2"),
        ("<select name=a><option selected disabled value=x>-<option value=y>Y</select>", ""),
        ("<select name=a><optgroup disabled><option value=x>X</optgroup><option value=y>Y</select>", "a=y"),
        ("<select name=a><option selected value=x><option selected value=y></select>", "a=y"),
        ("<select name=a size=3><option value=x>X</select>", ""),
        ("<select name=a multiple><option selected value=x><option selected value=y></select>", "a=x&a=y"),
        ("<select name=a disabled><option value=x></select>", ""),
        ("<input name=a list=l value=x><datalist id=l><option value=y><input name=dans value=z></datalist>", "a=x"),
        ("<input name=a dirname=a.dir value=x>", "a=x&a.dir=ltr"),
        ("<div dir=rtl><input name=a dirname=a.dir value=x></div>", "a=x&a.dir=rtl"),
        (
            "<input name=a dirname=a.dir dir=auto value=שלום>",
            "a=%26%231513%3B%26%231500%3B%26%231493%3B%26%231501%3B&a.dir=rtl",
        ),
        ("<input type=hidden name=_charset_>", "_charset_=windows-1252"),
        ("<input type=hidden name=_CHARSET_ value=x>", "_CHARSET_=windows-1252"),
        ("<input name=_charset_ value=x>", "_charset_=x"),
        ("<fieldset disabled><legend><input name=a value=x></legend><legend><input name=b></legend></fieldset>", "a=x"),
        ("<fieldset disabled><fieldset><legend><input name=a></legend></fieldset></fieldset>", ""),
        ("<input type=button name=a value=x><input type=reset name=b><button type=reset name=c></button>", ""),
        ("<textarea name=a>é\r\n\nb</textarea>", "a=%E9%0D%0A%0D%0Ab"),
        ("<template><input name=a value=x></template>", ""),
        ("<input name='' value=x><input value=y>", ""),
    ] {
        let expected = if expected.is_empty() { "…".to_owned() } else { format!("{expected}&…") };
        assert_eq!(besides(&posting(&format!("{field}{PAIR}")), LoginButton::Found, &[]), expected, "{field}");
    }
}

#[test]
fn case_01_the_button_that_is_pressed_is_the_one_after_the_password() {
    let search = "<div id=bandeau><input name=q><input type=submit name=chercher value=1></div>";
    let before = "q=&";
    for (inner, expected) in [
        // Named or not, near or far.
        (format!("{search}<div>{PAIR}<input type=submit name=entrer value=1></div>"), "…&entrer=1"),
        (format!("{search}<div>{PAIR}<button>Entrer</button></div><button name=autre>x</button>"), "…"),
        (format!("{search}<p>{PAIR}</p><p><button name=entrer value=é>Entrer</button></p>"), "…&entrer=%E9"),
        (
            format!("{search}{PAIR}<button type=button name=oeil>o</button><input type=image name=go>"),
            "…&go.x=1&go.y=1",
        ),
        (format!("{search}{PAIR}<input type=image src=ok.gif>"), "…&x=1&y=1"),
        // What cannot be seen or is asleep gives way to what stands beside it.
        (format!("{search}{PAIR}<button name=a hidden>x</button><button name=b value=1>x</button>"), "…&b=1"),
        (format!("{search}{PAIR}<button name=a style='display: none'>x</button><button name=b>x</button>"), "…&b="),
        (format!("{search}<p>{PAIR}<button name=a disabled>x</button><button name=b>x</button></p>"), "…&b="),
        // A script wakes it as soon as both fields hold something.
        (format!("{search}<p>{PAIR}<button name=a disabled>x</button></p><p><button name=b>x</button></p>"), "…&a="),
        // Nothing after it: what Enter presses.
        (format!("{search}{PAIR}"), "chercher=1&…"),
        (format!("{search}{PAIR}<button form=ailleurs name=a>x</button>"), "chercher=1&…"),
        (format!("<p><input type=hidden name=q><button disabled name=a>x</button></p>{PAIR}"), "…"),
    ] {
        assert_eq!(besides(&posting(&inner), LoginButton::Found, &[]), format!("{before}{expected}"), "{inner}");
    }
    let outside = format!("<button form=f name=avant value=1>x</button><form id=f method=post>{PAIR}</form>");
    assert_eq!(besides(&outside, LoginButton::Found, &[]), "avant=1&…");
    let outside = format!("<form id=f method=post>{PAIR}</form><form><button form=f name=apres>x</button></form>");
    assert_eq!(besides(&outside, LoginButton::Found, &[]), "…&apres=");
}

#[test]
fn case_01_the_declaration_says_which_button_or_none() {
    let named = |name: &str| LoginButton::Named(name.to_owned());
    let form = posting(&format!(
        "<button name=a value=1>a</button><button name=go value=avant>x</button>{PAIR}\
         <button name=b value=2 id=b><b id=dans>b</b></button><button name=go value=apres>x</button>\
         <button name=go value=encore formaction=/c>x</button><input type=image name=im><div id=cadre><button>x</button></div><input type=button name=idle>"
    ));
    for (button, extra, expected) in [
        (LoginButton::Found, &[][..], "…&b=2"),
        (LoginButton::None, &[], "…"),
        (named("a"), &[], "a=1&…"),
        (named("go"), &[], "…&go=apres"),
        (named("[value=encore]"), &[], "…&go=encore"),
        (named("#dans"), &[], "…&b=2"),
        (named("#cadre"), &[], "…"),
        (named("im"), &[], "…&im.x=1&im.y=1"),
        (named("form input[type=image]"), &[], "…&im.x=1&im.y=1"),
        // What is added speaks louder.
        (LoginButton::Found, &[("a", "1")], "a=1&…"),
        (LoginButton::Found, &[("a", "Entrer")], "a=Entrer&…"),
        (LoginButton::None, &[("go", "encore")], "…&go=encore"),
        (LoginButton::Found, &[("im.x", "7"), ("im.y", "9")], "…&im.x=7&im.y=9"),
        (named("a"), &[("__EVENTTARGET", "ctl$x")], "…&__EVENTTARGET=ctl%24x"),
        (LoginButton::Found, &[("__EVENTTARGET", "")], "…&b=2&__EVENTTARGET="),
        (LoginButton::Found, &[("autre", "1")], "…&b=2&autre=1"),
        // A button of a script, which sends the form without another one.
        (LoginButton::Found, &[("idle", "1")], "…&idle=1"),
    ] {
        assert_eq!(besides(&form, button.clone(), extra), expected, "{button:?} {extra:?}");
    }
    for absent in ["absent", "#absent", "a[", "input[name=identifiant]", "h1"] {
        assert_eq!(fields_by(&form, named(absent), &[]), Err(Unfit::NoButton), "{absent}");
    }
    let form = FormLogin { button: named("[value=encore]"), ..declared() };
    let other = posting(&format!("{PAIR}<button name=go value=encore formaction=/c>x</button>"));
    assert_eq!(sent(&other, &form).unwrap().url, "http://extranet.example/c");
}

#[test]
fn case_01_a_link_that_sends_the_form_by_a_script_raises_its_event() {
    let state = "<input type=hidden name=__EVENTTARGET><input type=hidden name=__EVENTARGUMENT>";
    let search = "<input type=submit name=chercher value=1>";
    for (link, target, argument) in [
        ("<a href=\"javascript:__doPostBack('ctl00$lnk','')\">x</a>", "ctl00%24lnk", ""),
        ("<a href=\"javascript:__doPostBack(&#39;ctl00$lnk&#39;,&#39;a b&#39;)\">x</a>", "ctl00%24lnk", "a+b"),
        ("<a href=\"JavaScript:__doPostBack(%27ctl00$lnk%27, %27%27)\"><b id=x>x</b></a>", "ctl00%24lnk", ""),
        ("<a href=# onclick='__doPostBack(\"l\\u0024\\x41\", \"\\\"\"); return false'>x</a>", "l%24A", "%22"),
        ("<input type=button onclick=\"javascript:__doPostBack('b','')\">", "b", ""),
        (
            "<button type=button onclick=\"javascript:setTimeout('__doPostBack(\\'b\\',\\'\\')', 0)\">x</button>",
            "b",
            "",
        ),
        (
            "<a href='javascript:WebForm_DoPostBackWithOptions(new WebForm_PostBackOptions(\
             \"ctl00$lnk\", \"\", true, \"\", \"\", false, true))'>x</a>",
            "ctl00%24lnk",
            "",
        ),
    ] {
        for button in [LoginButton::Found, LoginButton::Named("a, [onclick]".into())] {
            let sent = besides(&posting(&format!("{state}{search}{PAIR}{link}")), button.clone(), &[]);
            assert_eq!(sent, format!("__EVENTTARGET={target}&__EVENTARGUMENT={argument}&…"), "{button:?} {link}");
        }
    }
    // A button that sends the form by itself is more than a link.
    let lost = "<a href=\"javascript:__doPostBack('oubli','')\">Oubli ?</a>";
    let both = posting(&format!("{PAIR}{lost}<button name=ok>x</button>"));
    assert_eq!(besides(&both, LoginButton::Found, &[]), "…&ok=");
    // Where only a script sends it, no button goes along.
    for link in
        ["<a href='javascript:document.f.submit()'>x</a>", "<input type=button name=b onclick='this.form.submit();'>"]
    {
        assert_eq!(besides(&posting(&format!("{search}{PAIR}{link}")), LoginButton::Found, &[]), "…", "{link}");
    }
    let declared_to = |action: &str, element: &str| {
        let options = format!("WebForm_PostBackOptions('l', '', true, '', '{action}', false, true)");
        let text = posting(&format!("{state}{PAIR}{}", element.replace('@', &options)));
        sent(&text, &declared()).map(|sent| sent.url)
    };
    for element in ["<a onclick=\"x(new @)\">x</a>", "<input type=submit name=l onclick=\"x(new @)\">"] {
        assert_eq!(declared_to("Entree.aspx", element).unwrap(), "http://extranet.example/espace/Entree.aspx");
        assert_eq!(declared_to("https://evil.example/", element), Err(Unfit::Elsewhere));
    }
}

#[test]
fn case_21_the_pressed_button_says_where_and_how_the_form_goes() {
    let to = |form: &str, button: &str| {
        let text = format!("<base href=/racine/><form {form}>{PAIR}<button {button}>x</button></form>");
        sent(&text, &utf8()).map(|sent| (sent.url.replace("http://extranet.example", ""), sent.content_type))
    };
    let multipart = "multipart/form-data; boundary=----VestibuleForm00000000";
    for (form, button, url, content_type) in [
        ("method=post action=a", "formaction=/b", "/b", URLENCODED),
        ("method=post action=a", "formaction=''", "/espace/identification.php?lang=fr", URLENCODED),
        ("method=post action=a", "formaction='c?x=1#y'", "/racine/c?x=1", URLENCODED),
        ("action=a", "formmethod=POST", "/racine/a", URLENCODED),
        ("method=get action=a", "formmethod=post", "/racine/a", URLENCODED),
        ("method=dialog action=a", "formmethod=post", "/racine/a", URLENCODED),
        ("method=post action='?page=auth'", "", "/racine/?page=auth", URLENCODED),
        ("method=post enctype=Multipart/Form-Data action=a", "", "/racine/a", multipart),
        ("method=post action=a", "formenctype=multipart/form-data", "/racine/a", multipart),
        ("method=post enctype=multipart/form-data action=a", "formenctype=inconnu", "/racine/a", URLENCODED),
        ("method=post enctype=text/plain action=a", "", "/racine/a", "text/plain"),
        ("method=post enctype=application/json action=a", "", "/racine/a", URLENCODED),
    ] {
        assert_eq!(to(form, button), Ok((url.to_owned(), content_type.to_owned())), "{form} {button}");
    }
    for (form, button, unfit) in [
        // A password never stands in a URL.
        ("action=a", "", Unfit::PasswordInUrl),
        ("method=get action=a", "", Unfit::PasswordInUrl),
        ("method=put action=a", "", Unfit::PasswordInUrl),
        ("method=' post' action=a", "", Unfit::PasswordInUrl),
        ("method=post action=a", "formmethod=get", Unfit::PasswordInUrl),
        ("method=post action=a", "formmethod=''", Unfit::PasswordInUrl),
        ("method=post action=a", "formmethod=patch", Unfit::PasswordInUrl),
        ("method=dialog action=a", "", Unfit::Dialog),
        ("method=post action=a", "formmethod=dialog", Unfit::Dialog),
        // Nor goes it to anybody else.
        ("method=post action=a", "formaction=https://evil.example/a", Unfit::Elsewhere),
        ("method=post action=a", "formaction=javascript:envoyer()", Unfit::Elsewhere),
        ("method=post action=//evil.example/", "", Unfit::Elsewhere),
        ("method=post action='mailto:a@b.fr'", "", Unfit::Elsewhere),
        ("method=post action='data:text/html,x'", "", Unfit::Elsewhere),
        ("method=post action=https://extranet.example:444/", "", Unfit::Elsewhere),
    ] {
        assert_eq!(to(form, button), Err(unfit), "{form} {button}");
    }
}

#[test]
fn case_21_a_form_is_written_as_its_enctype_says() {
    let text = |enctype: &str| {
        format!(
            "<form method=post enctype='{enctype}'><input type=hidden name='a\"b\nc' value='1\n2'>{PAIR}\
             <input type=hidden name=grec value=Ω><input type=file name=f><button name=go value='x=&amp;'>x</button></form>"
        )
    };
    let sent_as = |enctype: &str| sent(&text(enctype), &utf8()).unwrap();
    assert_eq!(
        sent_as("text/plain").fields,
        "a\"b\r\nc=1\r\n2\r\nidentifiant=C10023\r\nmotdepasse=é&\r\ngrec=Ω\r\nf=\r\ngo=x=&\r\n"
    );
    let part = |name: &str, value: &str| {
        format!("------VestibuleForm00000000\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = "------VestibuleForm00000000\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\
                Content-Type: application/octet-stream\r\n\r\n\r\n";
    let whole = [
        part("a%22b%0D%0Ac", "1\r\n2"),
        part("identifiant", "C10023"),
        part("motdepasse", "é&"),
        part("grec", "Ω"),
        file.to_owned(),
        part("go", "x=&"),
        "------VestibuleForm00000000--\r\n".to_owned(),
    ];
    assert_eq!(sent_as("multipart/form-data").fields, whole.concat());
    let latin = text("multipart/form-data");
    let Filled::Ready(filled) =
        fill_login(&page(&latin, WINDOWS_1252), &site(), &declared(), "C10023", &Secret::new("é")).unwrap()
    else {
        panic!("writable")
    };
    let has = |bytes: &[u8]| filled.fields.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(b"\r\n\r\n\xe9\r\n") && has(b"\r\n\r\n&#937;\r\n"), "in the page's alphabet, and as browsers do");
    // What divides the parts stands in none.
    let secret = Secret::new("\r\n------VestibuleForm00000000--\r\n");
    let Filled::Ready(filled) = fill_login(&page(&latin, UTF_8), &site(), &declared(), "C10023", &secret).unwrap()
    else {
        panic!("writable")
    };
    assert!(told(&filled).content_type.ends_with("=----VestibuleForm00000001"));
}

fn utf8() -> FormLogin {
    FormLogin { charset: Some("utf-8".into()), ..declared() }
}

#[test]
fn case_21_of_several_fields_of_a_name_the_one_that_is_seen_is_filled_in() {
    for (inner, expected) in [
        ("<input type=hidden name=identifiant><input type=hidden name=motdepasse>@", "identifiant=&motdepasse=&…"),
        ("@<input type=hidden name=identifiant value=x>", "…&identifiant=x"),
        ("<input name=identifiant disabled>@", "…"),
        (
            "<div style='display:none'><input name=identifiant><input type=password name=motdepasse></div>@",
            "identifiant=&motdepasse=&…",
        ),
        ("<p hidden><input name=identifiant value=x></p>@", "identifiant=x&…"),
        ("<input type=checkbox name=identifiant><input type=submit name=motdepasse>@", "…"),
        (
            "<input name=faux value=Nom><input name=motdepasse value='Mot de passe'>@",
            "faux=Nom&motdepasse=Mot+de+passe&…",
        ),
        ("@<input name=identifiant><input type=password name=motdepasse>", "…&identifiant=&motdepasse="),
    ] {
        let text = posting(&format!("{}<button>x</button>", inner.replace('@', PAIR)));
        assert_eq!(besides(&text, LoginButton::Found, &[]), expected, "{inner}");
    }
    // A script wakes what is asleep, and fills in what is hidden.
    for asleep in [
        "<input name=identifiant disabled><input type=password name=motdepasse disabled>",
        "<input type=hidden name=identifiant><input type=hidden name=motdepasse>",
        "<select name=identifiant><option>A</select><input type=password name=motdepasse readonly>",
        "<input type=number name=identifiant><input type=texte name=motdepasse>",
    ] {
        assert_eq!(besides(&posting(asleep), LoginButton::Found, &[]), "…", "{asleep}");
    }
}

#[test]
fn a_password_is_cut_where_the_field_ends_and_an_identifier_is_not_sent_cut() {
    let with = |attributes: [&str; 2], login: &str, password: &str| {
        let [login_has, password_has] = attributes;
        let text = posting(&format!(
            "<input name=identifiant {login_has}><input type=password name=motdepasse {password_has}>"
        ));
        match fill_login(&page(&text, UTF_8), &site(), &declared(), login, &Secret::new(password)).unwrap() {
            Filled::Ready(filled) => Some(told(&filled).fields),
            Filled::Unwritable => None,
        }
    };
    let cut = with(["maxlength=6", "maxlength=' 8'"], "C10023", "123456789").unwrap();
    assert_eq!(cut, "identifiant=C10023&motdepasse=12345678");
    assert_eq!(with(["", "maxlength=4"], "C1", "aé😀b").unwrap(), "identifiant=C1&motdepasse=a%C3%A9%F0%9F%98%80");
    assert_eq!(with(["", "maxlength=3"], "C1", "aé😀b").unwrap(), "identifiant=C1&motdepasse=a%C3%A9");
    assert_eq!(with(["", "maxlength=2px"], "C1", "1234").unwrap(), "identifiant=C1&motdepasse=12");
    assert_eq!(with(["", "maxlength=-1"], "C1", "12").unwrap(), "identifiant=C1&motdepasse=12");
    assert_eq!(with(["maxlength=5", ""], "C10023", "x"), None, "the beginning is somebody else's");
    assert_eq!(with(["type=number maxlength=2", ""], "10023", "x").unwrap(), "identifiant=10023&motdepasse=x");
}

#[test]
fn an_action_may_be_missing_absolute_or_an_alias_but_never_foreign() {
    let url = |attributes: &str| {
        sent(&format!("<form method=post {attributes}>{PAIR}</form>"), &declared()).map(|sent| sent.url)
    };
    let page = "http://extranet.example/espace/identification.php?lang=fr";
    assert_eq!(url("").as_deref(), Ok(page));
    assert_eq!(url("action=''").as_deref(), Ok(page));
    let alias = url("action=https://www.extranet.example/x.php?a=1");
    assert_eq!(alias.as_deref(), Ok("http://extranet.example/x.php?a=1"));
    assert_eq!(url("action=https://evil.example/x.php"), Err(Unfit::Elsewhere));
    assert_eq!(url("action=javascript:envoyer()"), Err(Unfit::Elsewhere));
    let based = format!("<base href=/racine/><form method=post action=x.php>{PAIR}</form>");
    assert_eq!(sent(&based, &declared()).map(|sent| sent.url).as_deref(), Ok("http://extranet.example/racine/x.php"));
}

#[test]
fn case_21_a_form_torn_apart_keeps_its_fields_and_takes_no_others() {
    for (text, expected) in [
        (
            "<form action=/chercher><input name=q></form><table><form action=x.php method=post><tr><td>\
             <input type=hidden name=h value=1>@<tr><td><input type=submit name=ok value=1></form></table>\
             <input type=hidden name=apres value=1><button name=b>x</button>",
            "h=1&…&ok=1",
        ),
        (
            "<table><form method=post><input type=hidden name=h value=1><tr><td>@</td></tr></form>\
             <tr><td><input name=q><button name=b>x</button></td></tr></table>",
            "h=1&…",
        ),
        ("<div><form method=post></div>@<button name=ok>x</button></form><input name=apres>", "…&ok="),
        ("<form method=post><p>@<form action=/autre><button name=ok>x</button></form>", "…&ok="),
        ("<form method=post><div>@</form><button name=ok>x</button></div>", "…&ok="),
        ("<table><tr><form method=post><td>@</td><td><button name=ok>x</button></td></form></tr></table>", "…&ok="),
        ("<form id=f method=post></form><input name=q>@@<button name=ok form=f>x</button>", "…&ok="),
        ("<form method=post>@<button name=ok>x</button>", "…&ok="),
    ] {
        let pair = if text.contains("@@") { PAIR.replace("name=", "form=f name=") } else { PAIR.to_owned() };
        let text = text.replace("@@", "@").replace('@', &pair);
        assert_eq!(besides(&text, LoginButton::Found, &[]), expected, "{text}");
    }
    let elsewhere = format!("<form method=post>{}</form>", PAIR.replace("name=", "form=absent name="));
    assert_eq!(fields(&elsewhere), Err(Unfit::NoFields));
}

#[test]
fn the_right_form_is_found_or_none() {
    let search = "<form action=/q><input name=q></form>";
    let other = "<form><input name=a><input type=password name=b></form>";
    let ours = format!("<div id=connexion><form method=post>{PAIR}</form></div>");
    assert_eq!(fields(&format!("{search}{ours}")).as_deref(), Ok(PAIR_SENT));
    assert_eq!(fields(&format!("{other}{ours}<input name=q value=perdu>")).as_deref(), Ok(PAIR_SENT));
    assert_eq!(fields(search), Err(Unfit::NoFields));
    assert_eq!(fields(other), Err(Unfit::NoFields));
    assert_eq!(fields(&format!("<template>{ours}</template>")), Err(Unfit::NoFields));
    // The same login twice, in the banner and on the page; or one of another kind.
    let twice = format!("<form method=post><input type=hidden name=n value=1>{PAIR}</form>{ours}");
    assert_eq!(besides(&twice, LoginButton::Found, &[]), "n=1&…");
    let folded = format!("<div style='display:none'>{twice}</div>{ours}");
    assert_eq!(fields(&folded).as_deref(), Ok(PAIR_SENT));
    // One that makes an account asks for the password twice.
    let signup = format!("<form method=post action=/creer>{PAIR}<input type=password name=encore></form>{ours}");
    assert_eq!(fields(&signup).as_deref(), Ok(PAIR_SENT));
    let elsewhere = format!("<form method=post action=/nouveau>{PAIR}</form>{ours}");
    assert_eq!(fields(&elsewhere), Err(Unfit::Several));
    let open = format!("<form method=post action=/x>{}</form>{ours}", PAIR.replace("password", "text"));
    assert_eq!(fields(&open).as_deref(), Ok(PAIR_SENT));
    let mut selecting = declared();
    selecting.form = Some("#connexion".into());
    assert!(sent(&elsewhere, &selecting).is_ok());
    selecting.form = Some("#absent".into());
    assert_eq!(sent(&ours, &selecting).err(), Some(Unfit::NoForm));
}

#[test]
fn extra_fields_and_the_charset_come_from_the_declaration() {
    let mut form = declared();
    form.extra = vec![("jeton".into(), "2".into()), ("mode".into(), "é".into())];
    let text = format!("<form method=post accept-charset=utf-8><input type=hidden name=jeton value=1>{PAIR}</form>");
    let sent_with = |form: &FormLogin| sent(&text, form).map(|sent| sent.fields);
    assert_eq!(sent_with(&form).as_deref(), Ok("jeton=2&identifiant=C10023&motdepasse=%C3%A9%26&mode=%C3%A9"));
    form.charset = Some("iso-8859-1".into());
    assert_eq!(sent_with(&form).as_deref(), Ok("jeton=2&identifiant=C10023&motdepasse=%E9%26&mode=%E9"));
    form.charset = Some("klingon".into());
    assert_eq!(sent_with(&form), Err(Unfit::NoCharset));
}

#[test]
fn the_alphabet_is_the_one_that_a_browser_takes() {
    for (attributes, of_page, expected) in [
        ("", "utf-8", "UTF-8"),
        ("", "iso-8859-1", "windows-1252"),
        ("", "utf-16le", "UTF-8"),
        ("accept-charset=utf-16", "iso-8859-1", "UTF-8"),
        ("accept-charset='inconnu, iso-8859-15 utf-8'", "utf-8", "ISO-8859-15"),
        ("accept-charset='\n latin1'", "utf-8", "windows-1252"),
        ("accept-charset=inconnu", "iso-8859-2", "ISO-8859-2"),
    ] {
        let text = format!("<form method=post {attributes}><input type=hidden name=_charset_>{PAIR}</form>");
        let encoding = Encoding::for_label(of_page.as_bytes()).unwrap();
        let filled = fill_login(&page(&text, encoding), &site(), &declared(), "C10023", &Secret::new("é")).unwrap();
        let Filled::Ready(filled) = filled else { panic!("writable") };
        let password = if expected == "UTF-8" { "%C3%A9" } else { "%E9" };
        let whole = format!("_charset_={expected}&identifiant=C10023&motdepasse={password}");
        assert_eq!(told(&filled).fields, whole, "{attributes} {of_page}");
    }
}

#[test]
fn review_b13_an_identifier_outside_of_the_forms_alphabet_is_not_sent_in_another_spelling() {
    let text = format!("<form method=post>{PAIR}</form>");
    let becomes = |login: &str, charset: &str| {
        let form = FormLogin { charset: Some(charset.into()), ..declared() };
        let filled = fill_login(&page(&text, WINDOWS_1252), &site(), &form, login, &Secret::new("Ω")).unwrap();
        match filled {
            Filled::Ready(sent) => Some(String::from_utf8(sent.fields.to_vec()).unwrap()),
            Filled::Unwritable => None,
        }
    };
    for (charset, login) in [("utf-8", "Ωmega"), ("iso-8859-7", "Ωmega"), ("iso-8859-15", "€uro"), ("latin1", "é")]
    {
        assert!(becomes(login, charset).is_some(), "{charset} {login}");
    }
    for (charset, login) in [
        ("iso-8859-1", "Ωmega"),
        ("windows-1252", "Σmega"),
        ("iso-8859-15", "¤"),
        ("us-ascii", "ł"),
        // Written as another sign, which somebody else may have.
        ("shift_jis", "a¥b"),
        ("shift_jis", "a‾b"),
    ] {
        assert_eq!(becomes(login, charset), None, "{charset} {login}");
    }
    let password = becomes("C10023", "iso-8859-1").unwrap();
    assert_eq!(password, "identifiant=C10023&motdepasse=%26%23937%3B", "as browsers sent it when it was chosen");
}

#[test]
fn the_form_that_ends_a_session_is_known_by_where_it_goes() {
    let text = "<form action=/lang><input name=l value=fr></form>\
                <form method=post action=/admin/logout/><input type=hidden name=jeton value=1></form>\
                <form method=post action=/x><button name=a>x</button><button name=b formaction=/fin>x</button></form>";
    let ends = |path: &str| logout::fill(&page(text, UTF_8), &site(), path, &[], &[]);
    let filled = ends("/admin/logout/").unwrap();
    assert_eq!((filled.url.path(), &**filled.fields), ("/admin/logout/", &b"jeton=1"[..]));
    assert_eq!(&**ends("/fin").unwrap().fields, b"b=");
    assert_eq!(&**ends("/x").unwrap().fields, b"a=");
    assert_eq!(ends("/lang").unwrap().method, Method::Get);
    assert!(ends("/logout").is_none());
}

#[test]
fn f5_the_logout_form_is_found_whichever_signs_of_its_address_are_escaped() {
    for action in
        ["/w/Sp%C3%A9cial:Fin?t=D%C3%A9%2Fa", "/w/Spécial:Fin?t=Dé/a", "/w/sp/../Sp%c3%a9cial%3AFin?t=D%c3%a9%2fa"]
    {
        let text = format!("<form method=post action='{action}'><input type=hidden name=jeton value=1></form>");
        for declared in
            ["/w/Sp%C3%A9cial:Fin", "/w/Sp%C3%A9cial:Fin?t=D%C3%A9/a", "/w/Sp%c3%a9cial%3aFin?t=D%C3%A9%2Fa"]
        {
            let filled = logout::fill(&page(&text, UTF_8), &site(), declared, &[], &[]);
            assert_eq!(&**filled.expect("the form").fields, b"jeton=1", "{action} {declared}");
        }
        assert!(
            logout::fill(&page(&text, UTF_8), &site(), "/w/Sp%C3%A9cial:Fin?t=autre", &[], &[]).is_none(),
            "{action}"
        );
    }
}

#[test]
fn f9_a_token_outside_of_a_form_is_sent_with_a_sign_out() {
    use crate::domain::upstream::Found;
    let text = "<meta name=csrf-token content='m+1'><p><input type=hidden id=jeton value='h&1'></p>\
                <a class=quitter data-method=delete data-token=d1 href='/compte?x=1&amp;sectok=l%C3%A91#haut'>Quitter</a>\
                <form method=post action=/autre><input type=hidden name=_csrf value=ancien></form>";
    let sent = |fields: &[(&str, &str)], extra: &[(&str, &str)], path: &str| {
        let fields: Vec<_> = fields.iter().map(|(name, at)| ((*name).to_owned(), Found::parse(at))).collect();
        let extra: Vec<_> = extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        logout::fill(&page(text, UTF_8), &site(), path, &fields, &extra).map(|sent| told(&sent))
    };
    for (fields, extra, fields_sent) in [
        (vec![("_csrf", "meta[name=csrf-token]")], vec![("_method", "delete")], "_csrf=m%2B1&_method=delete"),
        (vec![("jeton", "#jeton")], vec![], "jeton=h%261"),
        (vec![("jeton", "input[type=hidden] @value")], vec![], "jeton=h%261"),
        (vec![("sectok", "a.quitter")], vec![], "sectok=l%C3%A91"),
        (vec![("t", "a.quitter@data-token"), ("u", "a.quitter @DATA-METHOD")], vec![], "t=d1&u=delete"),
    ] {
        let sent = sent(&fields, &extra, "/deconnexion?a=1").unwrap_or_else(|| panic!("{fields:?}"));
        assert_eq!(sent.fields, fields_sent);
        assert_eq!(
            (sent.url.as_str(), sent.content_type.as_str()),
            ("http://extranet.example/deconnexion?a=1", URLENCODED)
        );
    }
    // A form that is there is sent with what it holds.
    let sent_with = sent(&[("_csrf", "meta[name=csrf-token]")], &[("a", "1")], "/autre").unwrap();
    assert_eq!(sent_with.fields, "_csrf=m%2B1&a=1");
    for missing in
        [("x", "meta[name=autre]"), ("y", "a.quitter"), ("x", "a.quitter@data-autre"), ("x", "p:nth-child(99)")]
    {
        assert!(sent(&[missing], &[], "/deconnexion").is_none(), "{missing:?}");
    }
    assert!(sent(&[], &[("a", "1")], "/deconnexion").is_none(), "a form without a token is one of the page");
}

#[test]
fn f9_a_link_that_ends_a_session_is_followed_as_it_stands() {
    let text = "<a href='/autre?do=logout'>Autre</a><a href='index.php?do=compte'>Compte</a>\
                <a href='https://agence.example/espace/index.php?do=logout&amp;sectok=a%2Bb&amp;id=d\u{e9}but#fin'>Quitter</a>\
                <a href=//ailleurs.example/espace/sortie?x=1></a><map><area href='sortie?jeton=9'></map>";
    let leads = |path: &str| logout::leading(&page(text, WINDOWS_1252), &site(), path).map(|url| url.to_string());
    let espace = "http://extranet.example/espace/";
    assert_eq!(
        leads("/espace/index.php?do=logout"),
        Some(format!("{espace}index.php?do=logout&sectok=a%2Bb&id=d%E9but"))
    );
    assert_eq!(leads("/espace/sortie"), Some(format!("{espace}sortie?jeton=9")));
    for nowhere in ["/espace/index.php?do=quitter", "/sortie", "/"] {
        assert_eq!(leads(nowhere), None, "{nowhere}");
    }
}

#[test]
fn review_case_20_links_and_actions_are_written_in_the_pages_alphabet_as_in_browsers() {
    let written = |reference: &str, encoding| {
        let text = format!("<a href='{reference}'>x</a><form method=post action='{reference}'>{PAIR}</form>");
        let page = page(&text, encoding);
        let followed = logout::link(&page, &site(), "a").unwrap().to_string();
        let Filled::Ready(sent) = fill_login(&page, &site(), &declared(), "C1", &Secret::new("x")).unwrap() else {
            panic!("every alphabet has these")
        };
        assert_eq!(sent.url.as_str(), followed, "{reference}");
        followed.trim_start_matches("http://extranet.example").to_owned()
    };
    for (reference, latin, utf8) in [
        ("/é?ville=Orl\u{e9}ans", "/%C3%A9?ville=Orl%E9ans", "/%C3%A9?ville=Orl%C3%A9ans"),
        ("/x?prix=5\u{20ac}&amp;a=%E9", "/x?prix=5%80&a=%E9", "/x?prix=5%E2%82%AC&a=%E9"),
        // What the alphabet lacks (URL standard).
        ("/x?nom=\u{3a9}&amp;b=\u{e9}", "/x?nom=%26%23937%3B&b=%E9", "/x?nom=%CE%A9&b=%C3%A9"),
        ("?a b=\"1\"", "/espace/identification.php?a%20b=%221%22", "/espace/identification.php?a%20b=%221%22"),
    ] {
        assert_eq!(written(reference, WINDOWS_1252), latin);
        assert_eq!(written(reference, UTF_8), utf8);
    }
    let utf16 = Encoding::for_label(b"utf-16le").unwrap();
    assert_eq!(written("/x?a=\u{e9}", utf16), "/x?a=%C3%A9");
}

#[test]
fn sec_077_a_field_that_takes_nothing_is_not_sent_empty() {
    let with = |login: &str, password: &str| {
        let text = format!(
            "<form method=post><input name=identifiant {login}><input type=password name=motdepasse {password}></form>"
        );
        sent(&text, &declared()).map(|sent| sent.fields)
    };
    for none in ["maxlength=0", "maxlength='0'", "maxlength=' 00px'"] {
        assert_eq!(with("", none), Err(Unfit::NoRoom), "{none}");
    }
    assert!(with("", "maxlength=x").is_ok() && with("", "maxlength=-0").is_ok());
}

#[test]
fn sec_077_a_form_that_a_script_posts_is_posted_where_the_file_says_so() {
    for attributes in ["", "method=get", "method=dialog", "method=patch"] {
        let text = format!(
            "<form action=/entrer enctype=multipart/form-data {attributes}>{PAIR}<button>Entrer</button></form>"
        );
        assert!(sent(&text, &declared()).is_err(), "{attributes}");
        let sent = sent(&text, &FormLogin { posts: true, ..declared() }).unwrap();
        assert!(sent.content_type.starts_with("multipart/form-data"), "{attributes}");
        assert_eq!(sent.url, "http://extranet.example/entrer");
    }
    let plain =
        sent(&format!("<form action=/entrer>{PAIR}<button formmethod=get>x"), &FormLogin { posts: true, ..declared() });
    assert_eq!(plain.unwrap().content_type, URLENCODED);
}
