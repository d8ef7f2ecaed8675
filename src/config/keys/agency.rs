//! The keys of an agency's file.

use super::form::Fallback::{Is, Nothing, Required};
use super::form::{
    Choice, Fields, Flag, Form, Key, Keys, Layer, Number, Numbers, Row, Rows, Table, Tables, Text, Texts, keys,
};
use super::policy::Policy;
use crate::domain::accounts::Accounts;
use crate::domain::adapter::Verifier;
use crate::domain::agency::{AgencyMode, CookieMode};
use crate::domain::basic::BasicCharset;
use crate::domain::controller::ControllerRole;
use crate::domain::identity_headers::Encoding;
use crate::domain::language::Language;
use crate::domain::spelling::IdentifierCase;
use crate::domain::upstream::Forwarded;

/// What `sign_in.adapter` says.
#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Adapters {
    FormReplay,
    TrustedHeaders,
    HttpBasic,
}

/// What `sign_in.form.method` says.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum Methods {
    Post,
}

keys! {
    /// An agency's file.
    AGENCY: Agency {
        /// The client code in the URL, `?client=…` (without regard to case).
        client: Text, Required;
        /// The société code in the URL, `&societe=…`.
        societe: Text, Required;
        /// The agency's name, as residents know it.
        name: Text, Required;
        /// Its own public origin, on a host that nobody else has, unless all who are there say `accounts =
        /// "shared-host"`. http only on this machine.
        url: Text, Required;
        /// Where it was before, each on a host that is nobody's now: bookmarks lead on to the same page below `url`, as
        /// long as the old name still leads here.
        former_urls: Texts, Is("[]");
        /// The page of the extranet, `/espace/accueil.php`, where residents stand who sign in without having asked for
        /// another one; where the extranet's own login led by default, else `/`.
        start: Text, Nothing;
        /// The language of its pages and letters where a resident did not choose.
        language: Choice<Language>, Is("'fr'");
        /// How far the migration is enforced; `observe` and `offer` are not available yet.
        mode: Choice<AgencyMode>, Is("'require'");
        /// Where the extranet's cookies live: in the browser, on the agency's own host (`relay`), or in the session
        /// (`jar`). From a jar, the browser neither gets nor sends one, those set by scripts included, so that an
        /// extranet whose scripts read a cookie (`_xsrf`, `XSRF-TOKEN`) needs `relay`; each request reads it from where
        /// sessions live. On a shared host it is `jar`.
        cookies: Choice<CookieMode>, Is("'relay'");
        /// Several accounts of one person: `one-at-a-time` on the agency's host, or `labels`: each has a host of its
        /// own below it (`<label>.agence-a.example`), for which DNS and certificate need a wildcard; or `shared-host`,
        /// said by every agency of a host: one account of one of them is open there, and a hole in one extranet reaches
        /// into the others.
        accounts: Choice<Accounts>, Is("'one-at-a-time'");
        /// Whether the browser's own `Authorization` header may pass to the extranet.
        keep_authorization: Flag, Is("false");
        /// How the agency looks.
        brand: Table<Brand>, Is("{}");
        /// Who answers for its residents' personal data (RGPD); the portal's `controller` by default, else the agency. The
        /// page about personal data says so.
        controller: Table<Controller>, Nothing;
        /// The extranet behind it.
        upstream: Table<Upstream>, Required;
        /// How a resident is signed in there.
        sign_in: Table<SignIn>, Required;
        /// The headers that tell the extranet who is there; the same names from outside are dropped, in every spelling.
        headers: Tables<Header>, Nothing;
        /// The paths that the gateway has to know. What restricts (`login`, `logout`, `account`) covers the path in
        /// every spelling that some server takes for it (case, a slash, dot, blank or `::$DATA` at the end,
        /// `;parameters`, `/(S(…))/`, the page's ending left out or another page's, `LOGINP~1.PHP`), and everything
        /// below; the more special rule wins. `=/path` is for this one path only. Letters beyond ASCII may be written
        /// as they are read, or escaped.
        paths: Table<Paths>, Is("{}");
        /// How an answer of the extranet says that its session is over; the gateway then signs in again, once.
        session_over: Table<SessionOver>, Is("{}");
        /// How the extranet says that its resident left, where `paths.logout` cannot say it: that ends the gateway's
        /// session, too. Undeclared, a request that speaks of it (`logout`, `déconnexion`, … in its address or in a
        /// field of its form) is a logout if its answer says that the session is over, or deletes a cookie that came
        /// with it.
        logout: Table<Left>, Is("{}");
        /// What this agency does in its own way. Keys: see “Policy”.
        policy: Layer<Policy>, Nothing;
        /// The terms of use to accept; a changed text is asked again.
        terms: Table<Terms>, Nothing;
    }

    BRAND: Brand {
        /// The colour, `#rrggbb`; at least 4.5:1 against white. The portal's by default.
        colour: Text, Nothing;
        /// The address that its letters come from, in a domain that the mail server may send for; that of `mail.from`
        /// by default. The name is the agency's in any case.
        mail_from: Text, Nothing;
        /// Where residents write to; answers to letters go there, too.
        support_email: Text, Nothing;
        /// Where residents call.
        support_phone: Text, Nothing;
        /// A page about help.
        support_url: Text, Nothing;
        /// Where a resident finds the first password again, a sentence for the sign-in and the page of the forgotten
        /// password: “Il figure sur vos appels de fonds.”
        old_password_hint: Text, Nothing;
    }

    CONTROLLER: Controller {
        /// The name of who is responsible, as the page about personal data writes it; the agency's by default.
        name: Text, Nothing;
        /// Where residents turn to about their data: an address, or how the data protection officer is reached.
        contact: Text, Nothing;
        /// `controller`: responsible for all of it, the portal being its processor. `syndicat`: for a co-ownership it is the
        /// “syndicat des copropriétaires”, on whose behalf the one who is named acts.
        role: Choice<ControllerRole>, Is("'controller'");
    }

    UPSTREAM: Upstream {
        /// The origin where it is reached, `http://10.0.0.5:8080`; paths are forwarded unchanged.
        url: Text, Required;
        /// The `Host` that it expects; that of `url` by default.
        host: Text, Nothing;
        /// Further origins that it writes in its own links and redirects.
        aliases: Texts, Is("[]");
        /// Which host and scheme it is told in `X-Forwarded-Host` and `X-Forwarded-Proto`, by requests and by the
        /// sign-in alike: the browser's (`public`), or its own (`upstream`), for one that compares them with what it
        /// knows of itself and refuses every form. `none`: no `X-Forwarded-*` at all, `X-Forwarded-For` neither.
        forwarded: Choice<Forwarded>, Is("'public'");
        /// Longest wait for a connection.
        connect_timeout_ms: Number<u64, 10, 60_000>, Is("5000");
        /// Longest silence while an answer is read; long polls need it long.
        read_timeout_ms: Number<u64, 100, 3_600_000>, Is("300000");
        /// Whose certificate is believed, and the gateway's own; for an `https` URL.
        tls: Table<UpstreamTls>, Nothing;
        /// A header by which the extranet knows the gateway; the same from outside is dropped, in every spelling.
        secret_header: Table<SecretHeader>, Nothing;
    }

    UPSTREAM_TLS: UpstreamTls {
        /// Certificates (PEM) of the authorities to believe, instead of the machine's.
        ca_file: Text, Nothing;
        /// Certificates (PEM) of the extranet itself: one of these very ones is believed, and no other.
        pinned_file: Text, Nothing;
        /// The name to ask for (SNI), which the certificate must have; that of `url`, or of `host` where `url` has an
        /// address.
        server_name: Text, Nothing;
        /// The gateway's own certificate (PEM), with what leads to its authority (mTLS).
        client_cert_file: Text, Nothing;
        /// Its key (PEM), without a password.
        client_key_file: Text, Nothing;
    }

    SECRET_HEADER: SecretHeader {
        /// The header's name.
        name: Text, Required;
        /// A file that holds the value.
        value_file: Text, Nothing;
        /// An environment variable that holds it.
        value_env: Text, Nothing;
    }

    SIGN_IN: SignIn {
        /// `form-replay`: the gateway fills in the extranet's own form; `trusted-headers`: the extranet believes the
        /// headers and no old password is kept; `http-basic`: each request carries identifier and old password.
        adapter: Choice<Adapters>, Required;
        /// Who says whether old credentials are right: the extranet, by its form or by HTTP Basic, or the imported
        /// roster. `form` for form-replay, `basic` for http-basic, `roster` for trusted-headers.
        verifier: Choice<Verifier>, Nothing;
        /// Whether identifiers of this extranet may be e-mail addresses. Otherwise nothing that looks like one is ever
        /// asked of it: residents type their address with the password that they chose here, and often miss a letter.
        may_be_email: Flag, Is("false");
        /// Whether identifiers that differ in capitals, accents or the like only are one account (`ignore`) or several
        /// (`exact`), as the extranet has it. `learn`: it is found out by one sign-in, the first time that two such
        /// spellings meet.
        identifier_case: Choice<IdentifierCase>, Is("'learn'");
        /// The extranet's login form, for form-replay.
        form: Table<LoginForm>, Nothing;
        /// The fields of the login form that an extranet has besides trusted-headers or http-basic: a request with both
        /// goes to no path of it, as with those of `[sign_in.form]`.
        fields: Table<LoginFields>, Nothing;
        /// How the extranet takes HTTP Basic, for http-basic.
        basic: Table<Basic>, Nothing;
    }

    LOGIN_FIELDS: LoginFields {
        /// Name of the field for the identifier.
        login: Text, Required;
        /// Name of the field for the password.
        password: Text, Required;
    }

    BASIC: Basic {
        /// A path that answers 401 to nobody, and 2xx to right credentials (or as `success` says).
        page: Text, Required;
        /// How letters beyond ASCII are written in identifier and password; servers differ.
        charset: Choice<BasicCharset>, Is("'utf-8'");
        /// Whether one request with the credentials to `page` opens a session, whose cookies then say who asks: no
        /// other request carries the credentials. Say in `session_over.statuses` how its end shows, such as `[401,
        /// 403]`.
        session: Flag, Is("false");
        /// With `session`: the sign-in worked if one of these rules holds; by default if the answer is 2xx or 3xx and a
        /// cookie was set. See “Rules”.
        success: Tables<Rule>, Nothing;
        /// With `session`: the credentials are wrong if one of these rules holds, besides 401; looked at before
        /// `success`.
        failure: Tables<Rule>, Nothing;
        /// With `session`: how it is ended, as in `sign_in.form.logout`.
        logout: Table<Logout>, Nothing;
        /// Longest wait for an answer about credentials.
        timeout_ms: Number<u64, 100, 120_000>, Is("10000");
    }

    LOGIN_FORM: LoginForm {
        /// The path of the page that holds the form.
        page: Text, Required;
        /// CSS selector of the form; without it, the one form with a password field.
        form: Text, Nothing;
        /// Name of the field for the identifier.
        login_field: Text, Required;
        /// Name of the field for the password.
        password_field: Text, Required;
        /// Which button is pressed: its name, or a CSS selector of a button or of a link that sends the form by a
        /// script (`__doPostBack` is understood), or `none`. Without it, the first one after the password that can be
        /// seen; where there is none, what Enter presses.
        button: Text, Nothing;
        /// `post`, where a script posts a form that says no method: such a form is refused otherwise, since by itself
        /// it would put the password into a URL.
        method: Choice<Methods>, Nothing;
        /// Fields to set besides those found in the form. Where one names a button of the form, that one is pressed;
        /// where one sets `__EVENTTARGET`, none is.
        extra: Fields, Nothing;
        /// Cookies to hold when the form is sent, such as `{ essai = "1" }`, for a page whose script sets them. A
        /// constant `document.cookie = "essai=1"` in the page is found without this.
        set_cookies: Fields, Nothing;
        /// Encoding of the posted fields, such as `windows-1252`; the page's own by default. An identifier that it
        /// cannot write is not sent.
        charset: Text, Nothing;
        /// The sign-in worked if one of these rules holds; at least one. See “Rules”.
        success: Tables<Rule>, Nothing;
        /// The credentials are wrong if one of these rules holds; at least one.
        failure: Tables<Rule>, Nothing;
        /// The extranet has locked the account if one of these rules holds; looked at before `failure`.
        locked: Tables<Rule>, Nothing;
        /// The extranet wants another password first if one of these rules holds; looked at before `success`.
        must_change: Tables<Rule>, Nothing;
        /// A page of the extranet that shows the resident's name or e-mail address.
        profile: Table<Profile>, Nothing;
        /// How a session of the extranet is ended: `get`, or `page` with `get`, `form` or `link`.
        logout: Table<Logout>, Nothing;
        /// Longest wait for the whole sign-in.
        timeout_ms: Number<u64, 100, 120_000>, Is("10000");
    }

    /// One rule on the answer to a posted login form.
    RULE: Rule {
        /// A cookie of this name was set, and neither emptied nor deleted (a date of the past).
        cookie: Text, Nothing;
        /// The answer leads to a path that begins so: by its status, by a refresh, or by a script that does nothing
        /// else. Signs may be percent-encoded or not.
        redirect: Text, Nothing;
        /// The answer redirects, by its status, to a path that does not begin so.
        redirect_elsewhere: Text, Nothing;
        /// The answer has this status.
        status: Number<u16, 100, 599>, Nothing;
        /// The answer contains this text.
        text: Text, Nothing;
        /// The answer's HTML has an element for this CSS selector.
        element: Text, Nothing;
    }

    PROFILE: Profile {
        /// The path of the page.
        page: Text, Required;
        /// CSS selector of the name.
        name: Text, Nothing;
        /// CSS selector of the e-mail address.
        email: Text, Nothing;
    }

    LOGOUT: Logout {
        /// A path that ends the session when it is opened. With `page`, the link there that leads to it is followed as
        /// it stands, with its token.
        get: Text, Nothing;
        /// The page that holds the logout form or link.
        page: Text, Nothing;
        /// The path that this form is posted to.
        form: Text, Nothing;
        /// CSS selector of the link, where it carries a token of its own.
        link: Text, Nothing;
        /// With `form`: fields whose values stand elsewhere on the page, by CSS selector, such as `{ _csrf =
        /// "meta[name=csrf-token]" }`: the content of a meta element, the value of a field, the parameter of this name
        /// in a link's address; another attribute is named behind an `@`, `a.quitter @data-token`. The page needs no
        /// form then.
        fields: Fields, Nothing;
        /// With `form`: fields with a constant value, such as `{ _method = "delete" }`.
        extra: Fields, Nothing;
    }

    HEADER: Header {
        /// The header's name.
        name: Text, Required;
        /// The value, with `{login}`, `{client}`, `{societe}`, `{name}` and `{kind}`; where one has no value, no header
        /// is sent, and with `{login}` in it, nobody is forwarded.
        value: Text, Required;
        /// How letters beyond ASCII travel. What `latin1` lacks is never replaced: a header without `{login}` is left
        /// out, and with it, the resident is not forwarded.
        encoding: Choice<Encoding>, Is("'percent'");
    }

    PATHS: Paths {
        /// Pass without sign-in and without identity headers: `/static/` with everything below, `/logo.png` for itself
        /// only. Never what a rule that restricts covers, unless it is written `=/login/logo.png`; and never a path
        /// that servers read differently.
        public: Texts, Is("[]");
        /// The extranet's own sign-in, which never answers through the gateway; the form's page is added by itself
        /// where its name says that it is only for signing in, else residents may open it, and send there whatever does
        /// not carry both fields of the login. Here and in the next two, `/index.php?route=/login` stands for a path
        /// with this in its query, `/?logout` for one with this name there.
        login: Texts, Is("[]");
        /// The extranet's own logout, which becomes the gateway's. What `logout` of `[sign_in.form]` or
        /// `[sign_in.basic]` opens, or posts a form to, is added by itself, where it can be told from other pages.
        logout: Texts, Is("[]");
        /// The extranet's own pages for password and e-mail, which lead to the gateway's account page.
        account: Texts, Is("[]");
        /// Where a form may carry both fields of `[sign_in.form]`, as on a page that makes users: everywhere else such
        /// a request is refused, whatever its path. Written as in `public`.
        may_post_credentials: Texts, Is("[]");
    }

    SESSION_OVER: SessionOver {
        /// A redirect to one of `paths.login`.
        login_redirect: Flag, Is("true");
        /// One of these statuses. Where 403 says both that nobody is signed in and that a page is not for who is, it
        /// may stand here: a page that answers so again after a new sign-in is shown as it is.
        statuses: Numbers<u16, 400, 599>, Is("[401]");
        /// A page has an element for this CSS selector, within its first 256 KiB: for an extranet that shows its login
        /// form in the place of the page. Page loads are then held until that is known, and not compressed.
        element: Text, Nothing;
    }

    LEFT: Left {
        /// A form with this field is the logout's: `action=logout` or `logout` alone wherever it is sent,
        /// `/index.php?do=logout` where it is sent to this path. Such a form never reaches the extranet: its session is
        /// ended as `sign_in.form.logout` says. One that a script sends does, for its answer. Written as in
        /// `paths.logout`.
        fields: Texts, Is("[]");
        /// A page has an element for this CSS selector, within its first 256 KiB, only after a logout, such as
        /// `p.au-revoir`. It goes before `session_over.element`, and page loads are held as there.
        element: Text, Nothing;
        /// An answer that deletes or empties one of these cookies is the end of a logout, where its address says so
        /// (`logout`, `déconnexion`, …) or it comes within a minute of a page that was surely shown to who was signed
        /// in; else the session is over and renewed. A `*` at the end stands for what differs from one installation to
        /// another: `DW*`.
        cookies: Texts, Is("[]");
    }

    TERMS: Terms {
        /// The version as the agency names it, `2026-10`.
        version: Text, Required;
        /// The text, UTF-8.
        file: Text, Required;
    }
}
