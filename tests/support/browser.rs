//! Somebody at a real Chromium, clicking as a person would.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, error::NewSessionError, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;

use super::{eventually, free_port, page::plain, target, wait};

/// As long as somebody waits for a page before they give up.
const PATIENCE: Duration = Duration::from_secs(25);

/// What somebody looks at the pages with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// 1280 × 900.
    Desktop,
    /// 390 × 844.
    Phone,
    /// A desktop with JavaScript switched off.
    WithoutJavaScript,
}

/// A Chromium with a profile of its own; both end with this value.
pub struct Browser {
    client: Option<Client>,
    driver: Child,
    profile: TempDir,
    device: Device,
    shots: PathBuf,
    shot: usize,
}

impl Device {
    const fn size(self) -> (u32, u32) {
        match self {
            Self::Desktop | Self::WithoutJavaScript => (1280, 900),
            Self::Phone => (390, 844),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Desktop => "1280",
            Self::Phone => "390",
            Self::WithoutJavaScript => "1280-without-javascript",
        }
    }
}

impl Browser {
    /// Opens a browser; its screenshots go to `target/screenshots/<journey>/`.
    pub fn start(device: Device, journey: &str) -> Self {
        let profile = TempDir::new().expect("a folder for the profile");
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver cannot be started ({error}): run `make test-deps`"));
        let shots = target().join("screenshots").join(journey);
        fs::create_dir_all(&shots).expect("a folder for the screenshots");
        // Pictures of an earlier run would stand between those of this one.
        let end = format!("-{}.png", device.name());
        for old in fs::read_dir(&shots).into_iter().flatten().filter_map(Result::ok) {
            if old.file_name().to_string_lossy().ends_with(&end) {
                fs::remove_file(old.path()).expect("an old picture goes");
            }
        }
        let mut browser = Self { client: None, driver, profile, device, shots, shot: 0 };
        let capabilities = browser.capabilities();
        let address = format!("http://127.0.0.1:{port}");
        let client = eventually("chromedriver", PATIENCE, || {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities.clone());
            match wait(builder.connect(&address)) {
                Ok(client) => Some(client),
                Err(NewSessionError::Lost(_) | NewSessionError::Failed(_) | NewSessionError::FailedC(_)) => None,
                Err(error) => panic!("Chromium cannot be started ({error}): run `make test-deps`"),
            }
        });
        browser.client = Some(client);
        browser
    }

    /// Opens an address.
    pub fn open(&mut self, url: impl AsRef<str>) -> &mut Self {
        wait(self.client().goto(url.as_ref())).expect("the page opens");
        self
    }

    /// The browser's own Back.
    pub fn back(&mut self) -> &mut Self {
        wait(self.client().back()).expect("a page before");
        self
    }

    /// The browser's own Forward.
    pub fn forward(&mut self) -> &mut Self {
        wait(self.client().forward()).expect("a page after");
        self
    }

    /// Opens an address in a new tab, as a link in a letter does, and stays there.
    pub fn open_in_new_tab(&mut self, url: impl AsRef<str>) -> &mut Self {
        wait(async {
            let tab = self.client().new_window(true).await.expect("a tab");
            self.client().switch_to_window(tab.handle).await.expect("the tab");
        });
        self.open(url)
    }

    /// Closes this tab and goes back to the first one.
    pub fn close_tab(&mut self) -> &mut Self {
        wait(async {
            self.client().close_window().await.expect("the tab closes");
            let first = self.client().windows().await.expect("tabs").remove(0);
            self.client().switch_to_window(first).await.expect("the first tab");
        });
        self
    }

    /// Writes into the field with this label; what stood there is gone.
    pub fn fill(&mut self, label: &str, value: &str) -> &mut Self {
        let field = self.field(label);
        wait(async {
            field.clear().await.expect("an empty field");
            field.send_keys(value).await.expect("a filled field");
        });
        self
    }

    /// Types a code: where a script runs, its eight digits send themselves; else by the button.
    pub fn send_code(&mut self, code: &str, button: &str) -> &mut Self {
        self.fill("Code de vérification", code);
        if self.device == Device::WithoutJavaScript { self.press(button) } else { self }
    }

    /// Writes into the element for a CSS selector: pages that are not ours have fields without a label.
    pub fn write(&mut self, selector: &str, text: &str) -> &mut Self {
        let found = wait(self.client().wait().at_most(PATIENCE).for_element(Locator::Css(selector)));
        let field = found.unwrap_or_else(|_| panic!("no {selector} on {}:\n{}", self.url(), self.words()));
        wait(field.send_keys(text)).expect("a filled element");
        self
    }

    /// What stands in the field with this label.
    pub fn value(&mut self, label: &str) -> String {
        let field = self.field(label);
        wait(field.prop("value")).ok().flatten().unwrap_or_default()
    }

    /// Ticks the box with this label.
    pub fn tick(&mut self, label: &str) -> &mut Self {
        let field = self.field(label);
        wait(async {
            if !field.is_selected().await.expect("a box") {
                field.click().await.expect("a ticked box");
            }
        });
        self
    }

    /// Presses the button with these words, as soon as it can be pressed.
    pub fn press(&mut self, button: &str) -> &mut Self {
        let path = format!("//button[{WORDS} = \"{button}\"] | //input[@type='submit' and @value=\"{button}\"]");
        self.click(&path, &format!("the button \"{button}\""))
    }

    /// Opens what is folded under these words.
    pub fn unfold(&mut self, words: &str) -> &mut Self {
        self.click(&format!("//summary[{WORDS} = \"{words}\"]"), &format!("what is folded under \"{words}\""))
    }

    /// Opens an account of the list, whatever its button says that this does.
    pub fn enter(&mut self, account: &str) -> &mut Self {
        let path = format!("//form[@action='/account/open']//button[contains({WORDS}, \"{account}\")]");
        self.click(&path, &format!("the way into {account}"))
    }

    /// Follows the link that begins with these words.
    pub fn follow(&mut self, link: &str) -> &mut Self {
        self.click(&format!("//a[starts-with({WORDS}, \"{link}\")]"), &format!("the link \"{link}\""))
    }

    /// The names of the cookies that the browser holds for this page, also of those that scripts do not see.
    pub fn cookies(&self) -> Vec<String> {
        let cookies = wait(self.client().get_all_cookies()).expect("cookies");
        cookies.iter().map(|cookie| cookie.name().to_owned()).collect()
    }

    /// Waits until these words are on the page.
    pub fn see(&mut self, words: &str) -> &mut Self {
        let expected = plain(words);
        let mut last = String::new();
        let begin = std::time::Instant::now();
        while begin.elapsed() < PATIENCE {
            last = self.words();
            if last.to_lowercase().contains(&expected.to_lowercase()) {
                return self;
            }
            std::thread::sleep(Duration::from_millis(40));
        }
        self.screenshot("failed");
        panic!("\"{words}\" is not on {}:\n{last}", self.url());
    }

    /// Fails if these words are on the page.
    pub fn miss(&mut self, words: &str) -> &mut Self {
        let shown = self.words();
        assert!(!shown.contains(&plain(words)), "\"{words}\" is on {}:\n{shown}", self.url());
        self
    }

    /// Waits until one of two things is on the page; whether it is the first.
    pub fn sees_first(&mut self, first: &str, second: &str) -> bool {
        let begin = std::time::Instant::now();
        while begin.elapsed() < PATIENCE && !self.sees(first) && !self.sees(second) {
            std::thread::sleep(Duration::from_millis(40));
        }
        self.sees(first)
    }

    /// Whether these words are on the page now.
    pub fn sees(&self, words: &str) -> bool {
        self.words().to_lowercase().contains(&plain(words).to_lowercase())
    }

    /// Whether the button with these words can be pressed now.
    pub fn can_press(&mut self, button: &str) -> bool {
        let path = format!("//button[{WORDS} = \"{button}\"]");
        wait(async {
            match self.client().find(Locator::XPath(&path)).await {
                Ok(button) => {
                    let named = |name| button.attr(name);
                    button.is_enabled().await.unwrap_or(false)
                        && named("aria-disabled").await.ok().flatten().as_deref() != Some("true")
                }
                Err(_) => false,
            }
        })
    }

    /// How many elements fit a CSS selector.
    pub fn count(&mut self, selector: &str) -> usize {
        wait(self.client().find_all(Locator::Css(selector))).map_or(0, |found| found.len())
    }

    /// Runs a script in the page; only what no person can see or do.
    pub fn script(&mut self, script: &str) -> serde_json::Value {
        wait(self.client().execute(script, Vec::new())).expect("the script runs")
    }

    /// Whether the page is wider than the window, so that one would have to scroll sideways.
    pub fn scrolls_sideways(&mut self) -> bool {
        let script = "return document.documentElement.scrollWidth > document.documentElement.clientWidth + 1";
        self.script(script).as_bool().unwrap_or(false)
    }

    /// The address shown.
    pub fn url(&self) -> String {
        wait(self.client().current_url()).map(String::from).unwrap_or_default()
    }

    /// Keeps a picture of what is on the screen; they are numbered in order.
    pub fn screenshot(&mut self, name: &str) -> &mut Self {
        self.shot += 1;
        let file = self.shots.join(format!("{:02}-{name}-{}.png", self.shot, self.device.name()));
        if let Ok(picture) = wait(self.client().screenshot()) {
            fs::write(file, picture).expect("a picture");
        }
        self
    }

    /// The visible words of the page.
    pub fn words(&self) -> String {
        // A page that is just being replaced has no words yet.
        let text = wait(async { self.client().find(Locator::Css("body")).await?.text().await });
        plain(&text.unwrap_or_default())
    }

    fn click(&mut self, path: &str, what: &str) -> &mut Self {
        let begin = std::time::Instant::now();
        while begin.elapsed() < PATIENCE {
            let clicked = wait(async {
                for element in self.client().find_all(Locator::XPath(path)).await? {
                    let waits = element.attr("aria-disabled").await?.as_deref() == Some("true");
                    if element.is_displayed().await? && element.is_enabled().await? && !waits {
                        element.click().await?;
                        return Ok(true);
                    }
                }
                Ok::<_, fantoccini::error::CmdError>(false)
            });
            if clicked.unwrap_or(false) {
                return self;
            }
            std::thread::sleep(Duration::from_millis(40));
        }
        self.screenshot("failed");
        panic!("{what} cannot be clicked on {}:\n{}", self.url(), self.words());
    }

    fn field(&mut self, label: &str) -> Element {
        let path = format!("//*[@id = //label[starts-with({WORDS}, \"{label}\")]/@for]");
        let found = wait(self.client().wait().at_most(PATIENCE).for_element(Locator::XPath(&path)));
        found.unwrap_or_else(|_| {
            self.screenshot("failed");
            panic!("no field \"{label}\" on {}:\n{}", self.url(), self.words())
        })
    }

    fn client(&self) -> &Client {
        self.client.as_ref().expect("the browser is open")
    }

    fn capabilities(&self) -> Capabilities {
        let (width, height) = self.device.size();
        let mut options = json!({
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
                "--lang=fr-FR", "--accept-lang=fr-FR",
                format!("--window-size={width},{height}"),
                format!("--user-data-dir={}", self.profile.path().display()),
            ],
            "prefs": {
                "intl.accept_languages": "fr-FR,fr",
                "credentials_enable_service": false,
                "profile.password_manager_leak_detection": false,
            },
        });
        if self.device == Device::WithoutJavaScript {
            options["prefs"]["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        if self.device == Device::Phone {
            // A window of the new headless mode cannot be as narrow as a phone.
            options["mobileEmulation"] =
                json!({ "deviceMetrics": { "width": width, "height": height, "pixelRatio": 1.0, "touch": true } });
        }
        // Tests have authorities of their own; whom they make believe is asked elsewhere.
        let all = json!({ "browserName": "chrome", "acceptInsecureCerts": true, "goog:chromeOptions": options });
        all.as_object().expect("an object").clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // A browser that does not close by itself is closed with its driver.
            let _ = wait(client.close());
        }
        let pid = rustix::process::Pid::from_child(&self.driver);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.driver.wait();
    }
}

/// The words of an element with ordinary spaces and apostrophes, as an `XPath` expression.
const WORDS: &str = "normalize-space(translate(., '\u{a0}\u{202f}\u{2019}', \"  '\"))";
