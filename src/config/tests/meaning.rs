//! What is well written and still cannot be meant.

use super::{AGENCY, Installation, agency_is_told, gateway_is_told};
use super::{Adapter, LogoutCall, Rule, Verifier, describe};
use crate::domain::agency::CookieMode;

#[test]
fn e02_public_urls_are_https_unless_nothing_leaves_the_machine() {
    let told = |url: &str, start: &str| gateway_is_told("http://www.localhost:8080", url, start);
    told("http://www.moncompte.example", "vestibule.toml:3: portal.url: plain http for www.moncompte.example");
    told(
        "https://www.moncompte.example/compte",
        "vestibule.toml:3: portal.url: \"https://www.moncompte.example/compte\"",
    );
    told("https://[::1]", "vestibule.toml:3: portal.url: \"[::1]\" is not a host name");
    for fine in ["https://www.moncompte.example", "http://localhost", "http://127.0.0.1:8080"] {
        Installation::new().edit("vestibule.toml", "http://www.localhost:8080", fine).settings();
    }
    agency_is_told(
        "http://agence-a.localhost:8080",
        "http://agence-a.example",
        "agencies/a.toml:5: url: plain http for",
    );
}

#[test]
fn e02_codes_and_hosts_belong_to_one_agency_each() {
    let second = AGENCY.replace("\"SPI31\"", "\"spi31\"");
    let problems = Installation::new().write("agencies/b.toml", &second).problems();
    assert!(
        problems[0].starts_with("agencies/b.toml:3: societe: the codes SPI31/01 are those of another agency ("),
        "{problems:?}"
    );
    assert!(
        problems[1].starts_with("agencies/b.toml:5: url: agence-a.localhost is the host of another"),
        "{problems:?}"
    );
    agency_is_told(
        "http://agence-a.localhost:8080",
        "http://www.localhost:9090",
        "agencies/a.toml:5: url: www.localhost is the portal's host",
    );
    agency_is_told(
        "http://127.0.0.1:9001",
        "http://www.localhost:8080",
        "agencies/a.toml:7: upstream.url: leads back to the gateway",
    );
    agency_is_told("\"01\"", "\"0 1\"", "agencies/a.toml:3: societe: \"0 1\" is not a code");
}

#[test]
fn review_b_a_former_host_is_nobodys_now_and_was_one_agencys() {
    let agency = |former: &str| AGENCY.replace("[upstream]", &format!("former_urls = ['{former}']\n[upstream]"));
    let problem = |former: &str, told: &str| {
        Installation::new().write("agencies/a.toml", &agency(former)).is_told(told);
    };
    problem("http://www.localhost:1", "agencies/a.toml:6: former_urls: www.localhost is of the portal too");
    problem("http://agence-a.localhost", "agencies/a.toml:6: former_urls: agence-a.localhost is in use");
    problem("http://agence-z.example", "agencies/a.toml:6: former_urls: plain http for agence-z.example");
    problem("https://z.example/espace", "agencies/a.toml:6: former_urls: \"https://z.example/espace\" is not");

    let other = agency("https://z.example").replace("\"01\"", "\"02\"").replace("agence-a.", "agence-b.");
    let both =
        Installation::new().write("agencies/a.toml", &agency("https://z.example")).write("agencies/b.toml", &other);
    both.is_told("agencies/b.toml:6: former_urls: z.example is of SPI31/01 too");

    let portal = |former: &str| format!("url = \"http://www.localhost:8080\"\nformer_urls = [\"{former}\"]");
    let written = |former: &str| {
        Installation::new().edit("vestibule.toml", "url = \"http://www.localhost:8080\"", &portal(former))
    };
    written("http://agence-a.localhost").is_told("agencies/a.toml:5: url: agence-a.localhost is in portal.former_urls");
    let settings = written("https://compte.example").write("agencies/a.toml", &agency("https://z.example")).settings();
    assert_eq!(settings.portal.former[0].host(), "compte.example");
    assert_eq!(settings.agencies[0].former[0].host(), "z.example");
}

/// Two agencies that share a host, the second with a file of its own.
fn sharing(second: impl Fn(String) -> String) -> Installation {
    let shared = AGENCY.replace("[upstream]", "accounts = \"shared-host\"\n[upstream]");
    let other = second(shared.replace("\"01\"", "\"02\"").replace("9001", "9002"));
    Installation::new().write("agencies/a.toml", &shared).write("agencies/b.toml", &other)
}

#[test]
fn a24_check_says_what_a_shared_host_costs_and_that_cookies_are_kept() {
    let installation = sharing(|other| other);
    installation.is_told(
        "agencies/a.toml:6: warning: accounts: agence-a.localhost is shared by 2 agencies: a hole in one extranet reaches",
    );
    let settings = installation.settings();
    assert!(settings.agencies.iter().all(|agency| agency.cookies == CookieMode::Jar && agency.shares_host()));
    let described = describe(&settings);
    let told = described.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(told.filter(|line| line == "cookies \"jar\" from accounts").count(), 2, "{described}");
    let keyless = sharing(|other| other).edit("vestibule.toml", "[vault]\nkey_env = \"KEY\"", "").problems();
    assert!(keyless.iter().any(|problem| problem.starts_with("vestibule.toml: vault: missing")), "{keyless:?}");
}

#[test]
fn a24_a_host_is_shared_only_by_agencies_that_all_say_so() {
    let told = |second: &dyn Fn(String) -> String, start: &str| {
        let problems = sharing(second).problems();
        assert!(problems.iter().any(|problem| problem.starts_with(start)), "{start}\n{}", problems.join("\n"));
        assert!(sharing(second).load().is_err(), "{start}");
    };
    told(
        &|other| other.replace("accounts = \"shared-host\"\n", ""),
        "agencies/b.toml: accounts: agence-a.localhost is a shared host (",
    );
    told(
        &|other| other.replace("shared-host", "labels"),
        "agencies/b.toml:6: accounts: agence-a.localhost is a shared host (",
    );
    told(
        &|other| other.replace("agence-a.localhost:8080", "agence-a.localhost:8081"),
        "agencies/b.toml:5: url: http://agence-a.localhost:8081 is not http://agence-a.localhost:8080",
    );
    told(
        &|other| other.replace("[upstream]", "cookies = \"relay\"\n[upstream]"),
        "agencies/b.toml:7: cookies: on a shared host, the cookies of several extranets would meet",
    );
    told(
        &|other| other.replace("[upstream]", "keep_authorization = true\n[upstream]"),
        "agencies/b.toml:7: keep_authorization: on a shared host, browsers would send",
    );
    let alone = |other: String| other.replace("agence-a.localhost", "agence-b.localhost");
    let problems = sharing(alone).problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[1].starts_with("agencies/b.toml:6: warning: accounts: no other agency is on agence-b.localhost"));
}

#[test]
fn e02_a_database_on_another_machine_without_tls_is_a_warning() {
    let told = |url: &str| {
        let database = Installation::new().edit("vestibule.toml", "sqlite:vestibule.db", url);
        let problems = database.problems();
        problems
            .iter()
            .any(|problem| problem.contains("warning: database.url: everything that is kept, and the password"))
    };
    for far in [
        "postgres://v:p@db.example/v",
        "postgresql://v:p@10.0.0.5:5432/v",
        "postgres://v:p@[2001:db8::5]/v",
        "postgres://v:p@db.example/v?sslmode=prefer",
        "postgres://v:p@localhost/v?host=db.example",
        "postgres://v:p@db.example/v?sslmode=disable",
    ] {
        assert!(told(far), "{far}");
    }
    for fine in [
        "postgres://v:p@localhost/v",
        "postgres://v:p@127.0.0.1:5433/v",
        "postgres://v:p@[::1]/v",
        "postgres://v:p@%2Frun%2Fpostgresql/v",
        "postgres://v@db.example/v?host=/run/postgresql",
        "postgres://v:p@db.example/v?sslmode=require",
        "postgres://v:p@db.example/v?sslmode=verify-full",
        "sqlite:vestibule.db",
    ] {
        assert!(!told(fine), "{fine}");
    }
}

#[test]
fn e02_a_terminator_that_is_not_trusted_is_a_warning() {
    let told = "vestibule.toml: warning: server: every resident would come from the TLS terminator's address";
    gateway_is_told("http://www.localhost:8080", "https://www.moncompte.example", told);
}

#[test]
fn sec_011_nobody_can_trust_everybody() {
    for network in ["0.0.0.0/0", "::/0", "128.0.0.0/1", "::ffff:0:0/96", "nobody"] {
        let listed = format!("[server]\ntrusted_proxies = ['10.0.0.0/8', '::1',\n'{network}']\n[portal]");
        gateway_is_told("[portal]", &listed, "vestibule.toml:4: server.trusted_proxies: ");
    }
}

#[test]
fn e02_headers_that_would_change_more_than_a_name_are_refused() {
    let signs = "!#$%&*+._`|~ :/(é".chars().map(|sign| format!("X{sign}Extranet{sign}User"));
    let odd = ["-X-User", "X-User-", "X--User", "-", ""].map(str::to_owned);
    let taken = [
        "Host",
        "cookie",
        "Transfer-Encoding",
        "Content-Length",
        "Authorization",
        "X-Forwarded-For",
        // Our own trace would be written over it, and CGI makes `HTTP_PROXY` of the other.
        "Traceparent",
        "TraceState",
        "Proxy",
        "X-Vestibule-User",
    ];
    for name in signs.chain(odd).chain(taken.map(str::to_owned)) {
        let header = format!("[[headers]]\nname = '{name}'\nvalue = '{{login}}'\n[upstream]");
        agency_is_told("[upstream]", &header, "agencies/a.toml:7: headers[0].name: ");
    }
    let twice = "[[headers]]\nname = 'X-User'\nvalue = 'a'\n[[headers]]\nname = 'x-user'\nvalue = 'b'\n[upstream]";
    agency_is_told("[upstream]", twice, "agencies/a.toml:10: headers[1].name: x-user is there twice");
    let unknown = "[[headers]]\nname = 'X-User'\nvalue = '{password}'\n[upstream]";
    agency_is_told("[upstream]", unknown, "agencies/a.toml:8: headers[0].value: there is no placeholder {password}");
}

#[test]
fn review_b13_a_header_that_two_accounts_can_share_is_a_warning() {
    for (value, why) in [("{login} {name}", "a name and an identifier"), ("{login}{kind}", "\"durandco-\" + \"owner\"")]
    {
        let header = format!("[[headers]]\nname = 'X-User'\nvalue = '{value}'\n[upstream]");
        let told =
            format!("agencies/a.toml:8: warning: headers[0].value: X-User can be the same for two accounts: {why}");
        agency_is_told("[upstream]", &header, &told);
    }
    for fine in ["{login}", "{client}-{login}", "{login} {kind}", "{name}"] {
        let header = format!("[[headers]]\nname = 'X-User'\nvalue = '{fine}'\n[upstream]");
        let installation = Installation::new().edit("agencies/a.toml", "[upstream]", &header);
        assert_eq!(installation.load().expect("it is allowed").warnings, [], "{fine}");
    }
}

#[test]
fn e02_trusted_headers_have_to_name_the_account() {
    let file = AGENCY.split("[sign_in]").next().expect("the first part").to_owned()
        + "[sign_in]\nadapter = 'trusted-headers'\n";
    let installation = Installation::new().write("agencies/a.toml", &file);
    installation.is_told("agencies/a.toml: headers: missing; with trusted-headers one header has to carry {login}");
    let named = file + "[[headers]]\nname = 'X-User'\nvalue = '{login}'\n";
    Installation::new().write("agencies/a.toml", &named).settings();
    let form = named.replace("'trusted-headers'", "'trusted-headers'\nverifier = 'form'");
    Installation::new()
        .write("agencies/a.toml", &form)
        .is_told("agencies/a.toml:10: sign_in.verifier: the extranet's form");
}

#[test]
fn e02_a_form_needs_a_rule_for_success_and_one_for_failure() {
    agency_is_told(
        "failure = [{ element = \"div.erreur\" }]",
        "",
        "agencies/a.toml:10: sign_in.form.failure: missing; expected at least one",
    );
    agency_is_told(
        "success = [{ redirect = \"/accueil.php\" }]",
        "success = []",
        "agencies/a.toml:14: sign_in.form.success: missing",
    );
    agency_is_told(
        "redirect = \"/accueil.php\"",
        "element = 'div.erreur'",
        "agencies/a.toml:15: sign_in.form.failure: the rule",
    );
    agency_is_told(
        "div.erreur",
        "div..erreur",
        "agencies/a.toml:15: sign_in.form.failure[0].element: \"div..erreur\" is not a CSS selector: a dot wants the name of a class after it",
    );
    for (wrong, why) in [
        ("", "nothing is selected"),
        ("div >", "nothing follows, or precedes, one of its combinators"),
        ("div:contains(x)", "it has a pseudo-class or pseudo-element that is not known here"),
        ("div,,p", "nothing is selected"),
        ("div[class=", ""),
        ("p::", ""),
        ("svg|a", ""),
        ("@media", ""),
    ] {
        let element = "agencies/a.toml:15: sign_in.form.failure[0].element";
        agency_is_told("div.erreur", wrong, &format!("{element}: \"{wrong}\" is not a CSS selector: {why}"));
    }
    agency_is_told("\"/identification.php\"", "\"identification.php\"", "agencies/a.toml:11: sign_in.form.page: ");
    agency_is_told(
        "login_field",
        "charset = 'klingon'\nlogin_field",
        "agencies/a.toml:12: sign_in.form.charset: there is no encoding",
    );
    agency_is_told(
        "login_field",
        "extra = { motdepasse = 'x' }\nlogin_field",
        "agencies/a.toml:12: sign_in.form.extra: would overwrite",
    );
    for cookie in ["vestibule = '1'", "'a b' = '1'", "a = '1; path=/'", "a = ' 1'"] {
        agency_is_told(
            "login_field",
            &format!("set_cookies = {{ {cookie} }}\nlogin_field"),
            "agencies/a.toml:12: sign_in.form.set_cookies: ",
        );
    }
    agency_is_told(
        "login_field",
        "logout = { page = '/' }\nlogin_field",
        "agencies/a.toml:12: sign_in.form.logout: expected either get",
    );
    agency_is_told(
        "login_field",
        "profile = { page = '/' }\nlogin_field",
        "agencies/a.toml:12: sign_in.form.profile: says neither",
    );
    agency_is_told("login_field", "button = ''\nlogin_field", "agencies/a.toml:12: sign_in.form.button: ");
    let file = AGENCY.split("[sign_in.form]").next().expect("the first part");
    Installation::new().write("agencies/a.toml", file).is_told("agencies/a.toml:8: sign_in.form: missing; form-replay");
}

#[test]
fn e02_a_rule_that_would_take_a_failure_for_a_success_is_refused() {
    agency_is_told(
        "/accueil.php",
        "/",
        "agencies/a.toml:14: sign_in.form.success[0].redirect: every redirect leads to",
    );
    agency_is_told(
        "/accueil.php",
        "/ident",
        "agencies/a.toml:14: warning: sign_in.form.success: a redirect back to /identification.php",
    );
}

#[test]
fn e02_a_login_page_that_shares_its_path_is_told() {
    let start = "agencies/a.toml: warning: paths: the login page";
    agency_is_told("page = \"/identification.php\"", "page = '/index.php?p=login'", start);
    agency_is_told("page = \"/identification.php\"", "page = '/'", start);
    agency_is_told(
        "[upstream]",
        "[paths]\npublic = ['/']\n[upstream]",
        "agencies/a.toml:7: paths.public: \"/\" would cover every path",
    );
    agency_is_told(
        "[upstream]",
        "[paths]\nlogout = [\n'/a',\n'b']\n[upstream]",
        "agencies/a.toml:9: paths.logout: \"b\" is not a path rule",
    );
}

#[test]
fn e02_what_is_not_there_yet_is_told_as_such() {
    let told = |line: &str, start: &str| agency_is_told("[upstream]", &format!("{line}\n[upstream]"), start);
    told("mode = 'observe'", "agencies/a.toml:6: mode: observe and offer are not available yet");
    agency_is_told("form-replay", "http-basic", "agencies/a.toml:8: sign_in.basic: missing; http-basic has to know");
}

#[test]
fn e02_terms_that_nobody_could_read_are_refused() {
    let told = |file: &str, start: &str| {
        let terms = format!("[terms]\nversion = '1'\nfile = '{file}'\n[upstream]");
        Installation::new().write("empty.txt", " \n").edit("agencies/a.toml", "[upstream]", &terms).is_told(start);
    };
    told("../nowhere.txt", "agencies/a.toml:8: terms.file: agencies/../nowhere.txt cannot be read");
    told("../empty.txt", "agencies/a.toml:8: terms.file: agencies/../empty.txt is empty");
}

#[test]
fn e02_a_colour_that_cannot_be_read_on_white_is_refused_with_the_figure() {
    let told = |colour: &str, start: &str| {
        gateway_is_told(
            "name =",
            &format!("colour = '{colour}'\nname ="),
            &format!("vestibule.toml:4: portal.colour: {start}"),
        );
    };
    told("#ffcc00", "the contrast of #ffcc00 with white is 1.5");
    told("red", "\"red\" is not a colour");
    told("#é1234", "\"#é1234\" is not a colour");
    // The figures that the WCAG's own examples give.
    Installation::new().edit("vestibule.toml", "name =", "colour = '#767676'\nname =").settings();
    told("#777777", "the contrast of #777777 with white is 4.48:1");
}

#[test]
fn law_001_passwords_below_the_floor_of_the_cnil_are_refused_or_answered_for() {
    let layer =
        |lines: &str| Installation::new().edit("vestibule.toml", "[portal]", &format!("[policy]\n{lines}\n[portal]"));
    layer("password = 'short-6'").is_told(
        "vestibule.toml:3: policy.password: these rules promise 39.8 bits of guessing work, and the CNIL's floor is 50",
    );
    let accepted = layer("password = 'short-6'").edit(
        "agencies/a.toml",
        "[upstream]",
        "[policy]\naccept_below_cnil = true\n[upstream]",
    );
    accepted.is_told("vestibule.toml:3: warning: policy.password: these rules promise 39.8 bits");
    assert_eq!(accepted.settings().agencies[0].policy.password.length, 6);
    let unfinished = layer("password = 'short-6'").edit("agencies/a.toml", "societe", "ville").problems();
    assert!(unfinished.iter().any(|problem| problem.contains("39.8 bits")), "{unfinished:?}");
    for fine in ["cnil-50", "cnil-80", "nist", "classic-8"] {
        layer(&format!("password = '{fine}'")).settings();
    }
}

#[test]
fn law_003_limits_hold_in_every_layer() {
    for (key, number) in [
        ("lockout_failures", 11),
        ("code_minutes", 31),
        ("reset_code_minutes", 31),
        ("reset_code_minutes", 4),
        ("link_minutes", 1441),
        ("keep_days", 31),
        ("notice_seconds", 61),
    ] {
        let lines = format!("[clients.SPI31]\n{key} = {number}\n[portal]");
        gateway_is_told("[portal]", &lines, &format!("vestibule.toml:3: clients.SPI31.{key}: expected a number from"));
    }
    for line in ["[server]\ncache_seconds = 61", "[argon2]\nmemory_kib = 19455", "[argon2]\niterations = 1"] {
        gateway_is_told("[portal]", &format!("{line}\n[portal]"), "vestibule.toml:3: ");
    }
}

#[test]
fn e02_a_layer_for_a_client_that_nobody_has_is_a_warning() {
    gateway_is_told(
        "[portal]",
        "[clients.SPI13]\nkeep_days = 3\n[portal]",
        "vestibule.toml:2: warning: clients.SPI13: no agency has",
    );
    let twice = "[clients.SPI31]\nkeep_days = 3\n[clients.spi31]\nkeep_days = 4\n[portal]";
    gateway_is_told("[portal]", twice, "vestibule.toml:4: clients.spi31: is the same client as [clients.SPI31]");
}

#[test]
fn e02_letters_need_a_way_out() {
    gateway_is_told("folder = \"letters\"", "", "vestibule.toml:9: mail.folder: missing; expected the folder");
    gateway_is_told("transport = \"folder\"", "transport = 'smtp'", "vestibule.toml:9: mail.smtp: missing");
    gateway_is_told(
        "Mon compte <ne-pas-repondre@moncompte.example>",
        "Mon compte",
        "vestibule.toml:10: mail.from: \"Mon compte\": ",
    );
    let smtp = "folder = 'letters'\n[mail.smtp]\nhost = 'smtp.example'\nusername = 'u'";
    gateway_is_told(
        "folder = \"letters\"",
        smtp,
        "vestibule.toml:15: mail.smtp.username: username and password belong together",
    );
    let dkim = "folder = 'letters'\n[mail.dkim]\ndomain = 'moncompte.example'\nselector = 's'";
    gateway_is_told(
        "folder = \"letters\"",
        dkim,
        "vestibule.toml:13: mail.dkim: missing; expected one of key_file, key_env",
    );
}

#[test]
fn g04_letters_in_the_clear_are_told_unless_they_stay_on_this_machine() {
    let plain = |host: &str| {
        let smtp = format!("[mail.smtp]\nhost = '{host}'\ntls = 'none'");
        let installation = Installation::new().edit("vestibule.toml", "transport = \"folder\"", "transport = 'smtp'");
        let installation = installation.edit("vestibule.toml", "folder = \"letters\"", &smtp);
        let warnings = installation.load().expect("it is allowed").warnings;
        warnings.iter().any(|warning| warning.key == "mail.smtp.tls")
    };
    assert!(plain("smtp.example"));
    assert!(plain("192.0.2.1"));
    assert!(!plain("localhost"));
    assert!(!plain("127.0.0.1"));
}

fn https(more: &str) -> Installation {
    let to = format!("url = \"https://127.0.0.1:9001\"\n{more}");
    Installation::new().edit("agencies/a.toml", "url = \"http://127.0.0.1:9001\"", &to)
}

#[test]
fn a25_files_about_trust_that_cannot_be_meant_are_told_with_their_line() {
    let told = |more: &str, start: &str| https(more).is_told(start);
    told("tls = { ca_file = 'ca.pem' }", "agencies/a.toml:8: upstream.tls.ca_file: ");
    told("tls.server_name = 'https://x/'", "agencies/a.toml:8: upstream.tls.server_name: \"https://x/\"");
    told("tls.client_cert_file = 'a.pem'", "agencies/a.toml:8: upstream.tls.client_cert_file: client_cert_file and");
    told("tls = { ca_file = 'a', pinned_file = 'b' }", "agencies/a.toml:8: upstream.tls.pinned_file: only one of");
    told(
        "secret_header = { name = 'Host', value_env = 'VESTIBULE_DATABASE_URL' }",
        "agencies/a.toml:8: upstream.secret_header.name: Host belongs",
    );
    told("secret_header = { name = 'X-Gate' }", "agencies/a.toml:8: upstream.secret_header: missing; expected one of");
    told(
        "secret_header = { name = 'X-Gate', value_env = 'VESTIBULE_SMTP_PASSWORD' }",
        "agencies/a.toml:8: upstream.secret_header.value_env: is shorter than 16",
    );
    agency_is_told(
        "[sign_in]",
        "[upstream.tls]\nserver_name = 'x'\n[sign_in]",
        "agencies/a.toml:8: upstream.tls: has no effect",
    );
}

#[test]
fn a25_certificates_and_keys_are_read_before_anything_is_started() {
    let pem = |text: &[u8], kind: &str| {
        let body = data_encoding::BASE64.encode(text);
        format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n")
    };
    let tls = "tls = { ca_file = 'ca.pem' }";
    let with = |text: &str| https(tls).write("agencies/ca.pem", text);
    with("nothing").is_told("agencies/a.toml:8: upstream.tls.ca_file: agencies/ca.pem holds no certificate");
    with(&pem(b"no certificate", "CERTIFICATE"))
        .is_told("agencies/a.toml:8: upstream.tls.ca_file: agencies/ca.pem holds something that is no certificate");
    let [one, other] = ["a.example", "b.example"].map(|name| {
        let certified = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
        (certified.cert.pem(), certified.signing_key.serialize_pem())
    });
    with(&one.0).settings();
    let own = |key: &str| {
        https("tls = { client_cert_file = 'own.pem', client_key_file = 'own.key' }")
            .write("agencies/own.pem", &one.0)
            .write("agencies/own.key", key)
            .mode("agencies/own.key", 0o600)
    };
    own("nothing").is_told("agencies/a.toml:8: upstream.tls.client_key_file: this is not a private key");
    own(&other.1).is_told("agencies/a.toml:8: upstream.tls.client_key_file: is not the key of the certificate");
    let settings = own(&one.1).settings();
    assert!(settings.agencies[0].upstream.trust.identity.is_some());
    assert!(!format!("{settings:?}").contains(one.1.lines().nth(1).expect("a line of the key")));
}

#[test]
fn a25_the_secret_header_is_one_of_the_names_that_nobody_may_bring() {
    let more = "secret_header = { name = 'X-Gate', value_env = 'KEY' }";
    let settings = https(more).settings();
    assert!(settings.agencies[0].reserved.holds("x_gate"));
    let plain = format!("url = 'http://extranet.example'\n{more}");
    Installation::new()
        .edit("agencies/a.toml", "url = \"http://127.0.0.1:9001\"", &plain)
        .is_told("agencies/a.toml:8: warning: upstream.secret_header: the secret travels in the clear");
}

#[test]
fn a06_http_basic_wants_a_page_and_the_authorization_header_for_itself() {
    let basic = |more: &str| {
        let file = AGENCY.split("[sign_in]").next().expect("the first part").to_owned()
            + "[sign_in]\nadapter = 'http-basic'\nbasic = { page = '/moi' }\n"
            + more;
        Installation::new().write("agencies/a.toml", &file)
    };
    let settings = basic("").settings();
    assert_eq!(settings.agencies[0].verifier, Verifier::Basic);
    basic("verifier = 'form'").is_told("agencies/a.toml:11: sign_in.verifier: the extranet's form verifies");
    basic("[session_over]\nstatuses = [403]").is_told("agencies/a.toml:12: session_over.statuses: with http-basic");
    let kept = Installation::new().write(
        "agencies/a.toml",
        &(AGENCY.split("[upstream]").next().expect("the first part").to_owned()
            + "keep_authorization = true\n[upstream]\nurl = 'http://127.0.0.1:9001'\n"
            + "[sign_in]\nadapter = 'http-basic'\nbasic = { page = '/moi' }\n"),
    );
    kept.is_told("agencies/a.toml:6: keep_authorization: with http-basic");
}

#[test]
fn a12_a_rule_on_what_a_page_shows_is_one_that_can_be_looked_for_while_it_streams() {
    let over = |element: &str| {
        Installation::new().edit(
            "agencies/a.toml",
            "[sign_in]",
            &format!("[session_over]\nelement = '{element}'\n[sign_in]"),
        )
    };
    assert_eq!(over("form#dw__login").settings().agencies[0].session_over.element.as_deref(), Some("form#dw__login"));
    over("form..x").is_told("agencies/a.toml:9: session_over.element: \"form..x\" cannot be looked for");
    let paths =
        |rules: &str| Installation::new().edit("agencies/a.toml", "[sign_in]", &format!("[paths]\n{rules}\n[sign_in]"));
    paths("logout = ['/doku.php?do=logout']").settings();
    paths("public = ['/doku.php?do=logo']").is_told("agencies/a.toml:9: paths.public: ");
    paths("logout = ['/doku.php?do=a&b=c']")
        .is_told("agencies/a.toml:9: paths.logout: \"/doku.php?do=a&b=c\" is not a path rule");
}

#[test]
fn f1_f5_rules_of_front_controllers_and_beyond_ascii_are_taken_and_f4_those_that_never_hold_are_told() {
    let paths =
        |rules: &str| Installation::new().edit("agencies/a.toml", "[sign_in]", &format!("[paths]\n{rules}\n[sign_in]"));
    for rule in [
        "/app/index.php?route=/logout",
        "/?_task=logout",
        "/x/?@action=logout",
        "/w/index.php?title=Special:UserLogout",
        "/index.php/Spécial:Déconnexion",
        "/index.php/Sp%C3%A9cial:D%E9connexion",
        "=/app/",
        "=/",
    ] {
        for list in ["login", "logout", "account"] {
            paths(&format!("{list} = [\"{rule}\"]")).settings();
        }
    }
    let idle = "login = ['/login']\npublic = [\n'/login/img/']";
    paths(idle)
        .is_told("agencies/a.toml:10: warning: paths.public: \"/login/img/\" never holds: \"/login\" goes before it");
    paths("login = ['/login']\npublic = [\n'=/login/a.png']").settings();
    let twice = "login = ['/a']\nlogout = ['/A/']";
    paths(twice).is_told("agencies/a.toml:10: warning: paths.logout: \"/A/\" never holds: \"/a\" goes before it");
}

#[test]
fn f5_every_page_of_an_extranet_may_be_written_as_it_is_read() {
    let (read, escaped) = ("/w/Spécial:Été?titre=Café", "/w/Sp%C3%A9cial:%C3%89t%C3%A9?titre=Caf%C3%A9");
    for written in [read, escaped] {
        let installation = Installation::new()
            .edit("agencies/a.toml", "name = \"Agence du Port\"", &format!("name = \"Agence\"\nstart = \"{written}\""))
            .edit("agencies/a.toml", "\"/identification.php\"", &format!("\"{written}\""))
            .edit("agencies/a.toml", "\"/accueil.php\"", &format!("\"{written}\""));
        let more = format!(
            "failure = [{{ status = 403 }}]\n[sign_in.form.logout]\npage = '{written}'\nform = '{written}'\n[sign_in.form.profile]\npage = '{written}'\nname = 'b'"
        );
        let agency = installation.edit("agencies/a.toml", "failure = [{ element = \"div.erreur\" }]", &more).settings();
        let agency = agency.agencies.first().expect("an agency");
        assert_eq!(agency.start.as_ref().map(crate::domain::path::ReturnPath::as_str), Some(escaped));
        let Adapter::FormReplay(form) = &agency.adapter else { panic!("{:?}", agency.adapter) };
        assert_eq!(form.page, escaped);
        assert_eq!(form.profile.as_ref().expect("a profile").page, escaped);
        assert_eq!(
            form.logout,
            Some(LogoutCall::Form { page: escaped.into(), path: escaped.into(), fields: vec![], extra: vec![] })
        );
        // Here letters may be of the server's alphabet.
        assert_eq!(form.success, [Rule::Redirect(written.into())]);
    }
}

#[test]
fn f3_a_login_page_that_has_another_face_is_told_and_closes_nothing_else() {
    let page = |page: &str| {
        let page = format!("page = \"{page}\"");
        Installation::new().edit("agencies/a.toml", "page = \"/identification.php\"", &page)
    };
    for front in ["/app/", "/", "/app/index.php", "/compte"] {
        let told = format!("warning: paths: the login page {front} shares its path with other pages");
        let problems = page(front).problems();
        assert!(problems.iter().any(|problem| problem.contains(&told)), "{front}: {problems:?}");
        let settings = page(front).settings();
        let paths = &settings.agencies[0].paths;
        assert!(paths.login.is_empty() && paths.form_page.is_some(), "{front}");
    }
}

#[test]
fn f6_how_somebody_leaves_can_be_declared_and_what_cannot_hold_is_told() {
    let logout =
        |text: &str| Installation::new().edit("agencies/a.toml", "[sign_in]", &format!("[logout]\n{text}\n[sign_in]"));
    let read = logout("fields = ['action=logout', '/index.php?do=quit']\ncookies = ['sessionid', 'DW*']").settings();
    let rules = &read.agencies[0].logout;
    let fields: Vec<_> = rules.fields.iter().map(crate::domain::path::FieldRule::text).collect();
    assert_eq!((fields, rules.cookies.len()), (vec!["action=logout", "/index.php?do=quit"], 2));
    logout("fields = ['/quit']").is_told("agencies/a.toml:9: logout.fields: \"/quit\" is no field of a form");
    logout("cookies = ['*']").is_told("agencies/a.toml:9: logout.cookies: every cookie would be the session's");
    logout("cookies = ['a b']").is_told("agencies/a.toml:9: logout.cookies: ");
    logout("element = 'p..x'").is_told("agencies/a.toml:9: logout.element: \"p..x\" cannot be looked for");
}

#[test]
fn f2_a_start_page_is_one_that_residents_can_open() {
    let start = |page: &str| {
        let name = "name = \"Agence du Port\"";
        Installation::new().edit("agencies/a.toml", name, &format!("{name}\nstart = \"{page}\""))
    };
    for page in ["/accueil.php", "/app/?module=accueil", "/espace/"] {
        let settings = start(page).settings();
        assert_eq!(settings.agencies[0].start.as_ref().map(crate::domain::path::ReturnPath::as_str), Some(page));
    }
    for page in
        ["accueil.php", "https://ailleurs.example/", "//ailleurs.example/", "/a b", "/.vestibule/logout", "/a/../b"]
    {
        let problems = start(page).problems();
        assert!(problems.iter().any(|problem| problem.contains("start: ")), "{page}: {problems:?}");
    }
    let closed = start("/identification.php?x=1").problems();
    assert!(closed.iter().any(|problem| problem.contains("closed to residents by paths.login")), "{closed:?}");
}

#[test]
fn f6_what_ends_a_session_upstream_is_a_logout_by_itself() {
    let logout = |declared: &str, paths: &str| {
        let form = "[sign_in.form]\nlogout = {";
        let agency = Installation::new()
            .edit("agencies/a.toml", "[sign_in.form]", &format!("{form}{declared}}}"))
            .edit("agencies/a.toml", "[sign_in]", &format!("[paths]\n{paths}\n[sign_in]"))
            .settings();
        let rules = &agency.agencies[0].paths.logout;
        rules.iter().map(|rule| rule.text().to_owned()).collect::<Vec<_>>()
    };
    for (declared, taken) in [
        ("get = '/deconnexion.php'", Some("/deconnexion.php")),
        ("get = '/d%C3%A9connexion'", Some("/d%C3%A9connexion")),
        ("get = '/logout.php?jeton=x'", Some("/logout.php")),
        ("get = '/logout/'", Some("/logout/")),
        ("get = '/?logout'", Some("/?logout")),
        ("get = '/?_task=logout&x=1'", Some("/?_task=logout")),
        ("get = '/index.php?route=account/logout'", Some("/index.php?route=account/logout")),
        ("get = '/index.php?page=99'", Some("/index.php?page=99")),
        ("get = '/quitter'", Some("=/quitter")),
        ("page = '/', get = '/doku.php?do=logout'", Some("/doku.php?do=logout")),
        ("page = '/', form = '/sign_out', fields = { t = 'meta[name=csrf-token]' }", Some("/sign_out")),
        ("page = '/', form = '/admin/logout/'", Some("/admin/logout/")),
        ("page = '/accueil', form = '/session/fin'", Some("=/session/fin")),
        // These are more than a logout, or what they are is not known.
        ("get = '/'", None),
        ("get = '/index.php'", None),
        ("get = '/index.php?a=1&b=2'", None),
        ("page = '/compte', form = '/compte'", None),
        ("page = '/', form = '/index.php'", None),
        ("page = '/', link = 'a.quitter'", None),
    ] {
        assert_eq!(logout(declared, "").first().map(String::as_str), taken, "{declared}");
    }
    assert_eq!(logout("get = '/deconnexion.php'", "logout = ['/sortir']"), ["/sortir", "/deconnexion.php"]);
    assert_eq!(logout("get = '/Deconnexion.php/'", "logout = ['/deconnexion.php']"), ["/deconnexion.php"]);
    assert_eq!(logout("get = '/membre/logout'", "account = ['/membre/']"), [""; 0]);
}

#[test]
fn f9_how_a_session_is_ended_can_be_written_in_five_ways_only() {
    let declared = |logout: &str| {
        let form = format!("[sign_in.form]\nlogout = {{{logout}}}");
        Installation::new().edit("agencies/a.toml", "[sign_in.form]", &form)
    };
    declared("page = '/', form = '/x', fields = { t = 'a.quitter @data-token' }, extra = { _method = 'delete' }")
        .settings();
    for (logout, told) in [
        ("page = '/', get = '/x', fields = { t = 'a' }", "sign_in.form.logout.fields: is sent with a form only"),
        ("page = '/', link = 'a', extra = { t = 'a' }", "sign_in.form.logout.extra: is sent with a form only"),
        ("page = '/', form = '/x', fields = { t = 'a[' }", "sign_in.form.logout.fields: "),
        ("page = '/', form = '/x', get = '/y'", "sign_in.form.logout: expected either get"),
    ] {
        declared(logout).is_told(&format!("agencies/a.toml:11: {told}"));
    }
    Installation::new()
        .edit("agencies/a.toml", "[sign_in.form]", "[sign_in.form]\nmethod = 'put'")
        .is_told("agencies/a.toml:11: sign_in.form.method: ");
}

#[test]
fn s1_the_fields_of_a_login_form_are_named_where_no_adapter_knows_them() {
    let named = |adapter: &str, fields: &str| {
        let installation = Installation::new();
        let sign_in =
            format!("[[headers]]\nname = 'X-User'\nvalue = '{{login}}'\n[sign_in]\nadapter = '{adapter}'\n{fields}\n");
        let text = AGENCY.split("[sign_in]").next().expect("what stands before");
        installation.write("agencies/a.toml", &format!("{text}{sign_in}"))
    };
    let read = named("trusted-headers", "fields = { login = 'code', password = 'mdp' }").settings();
    let fields = read.agencies[0].login_fields().expect("fields");
    assert_eq!((fields.login, fields.password), ("code", "mdp"));
    for (fields, told) in [
        ("fields = { login = 'code' }", "sign_in.fields.password: missing"),
        ("fields = { login = 'mdp', password = 'mdp' }", "sign_in.fields.password: is the identifier's field, too"),
    ] {
        let problems = named("trusted-headers", fields).problems();
        assert!(problems.iter().any(|problem| problem.contains(told)), "{problems:?}");
    }
    Installation::new()
        .edit("agencies/a.toml", "[sign_in.form]", "[sign_in.fields]\nlogin = 'a'\npassword = 'b'\n[sign_in.form]")
        .is_told("agencies/a.toml:10: warning: sign_in.fields: is not used with adapter = \"form-replay\"");
}
