// What is nicer with a script. Every page works without it, and nothing is kept in the browser.
(() => {
  "use strict";
  const all = (selector) => Array.from(document.querySelectorAll(selector));

  // What is wrong takes the focus, so that it is read first: the message above the form, or the one field that says it.
  const first = document.querySelector("[data-summary]") || document.querySelector("[aria-invalid=true]");
  if (first) first.focus();

  // What was said of a field is not said of what is typed next; the server judges it again.
  addEventListener("input", (event) => {
    const field = event.target.closest(".field.invalid, .check.invalid");
    if (!field) return;
    field.classList.remove("invalid");
    event.target.removeAttribute("aria-invalid");
    field.querySelectorAll(".field-error").forEach((error) => error.remove());
  });

  // A password that was typed is not sent, and lost, for a field beside it that was left empty: that one says so first, in
  // the words of the server.
  const tell = (field) => {
    const error = document.createElement("p");
    error.className = "field-error";
    error.id = `${field.id}-error`;
    error.textContent = field.dataset.missing;
    const old = document.getElementById(error.id);
    if (old) old.remove();
    if (field.type === "checkbox") field.parentElement.append(error);
    else (field.closest(".secret") || field).before(error);
    field.closest(".field, .check").classList.add("invalid");
    field.setAttribute("aria-invalid", "true");
    const described = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== error.id);
    field.setAttribute("aria-describedby", [error.id, ...described].join(" "));
  };
  all("form").forEach((form) => {
    form.addEventListener("submit", (event) => {
      const leadsElsewhere = event.submitter && event.submitter.hasAttribute("formaction");
      const holds = Array.from(form.querySelectorAll(".secret input")).some((field) => field.value);
      if (leadsElsewhere || !holds) return;
      const isEmpty = (field) => field.type === "checkbox" ? !field.checked : !field.value;
      const empty = Array.from(form.querySelectorAll("[data-missing]")).filter(isEmpty);
      if (!empty.length) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      empty.forEach(tell);
      empty[0].focus();
    });
  });

  // The eye: shows a password while it is typed; sent forms are masked again, so that no browser keeps it as text.
  const eyes = all("[data-eye]").map((button) => {
    const input = document.getElementById(button.dataset.eye);
    const show = (visible) => {
      input.type = visible ? "text" : "password";
      button.textContent = visible ? button.dataset.hide : button.dataset.show;
    };
    const label = document.querySelector(`label[for="${input.id}"]`);
    if (label) {
      label.id = label.id || `${input.id}-label`;
      button.id = button.id || `${input.id}-eye`;
      button.setAttribute("aria-labelledby", `${button.id} ${label.id}`);
    }
    button.hidden = false;
    button.addEventListener("click", () => show(input.type === "password"));
    if (input.form) input.form.addEventListener("submit", () => show(false));
    return show;
  });
  addEventListener("pagehide", () => eyes.forEach((show) => show(false)));

  // The criteria: the same list that the server checks, ticked in words and not in colour only. Characters are counted
  // and told apart as there, in the form in which the password is kept.
  const kept = (text) => text.replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu, "").normalize("NFKC");
  // What is good stands in words beside the field, and is said once typing pauses: a screen reader would speak over every key.
  const good = (id, is) => {
    const place = document.getElementById(`${id}-good`);
    const words = place && is ? place.dataset.good : "";
    if (place && place.textContent !== words) place.textContent = words;
    return words;
  };
  const upper = /\p{Lu}/u, lower = /\p{Ll}/u, digit = /\p{Nd}/u, special = /[^\p{L}\p{M}\p{N}]/u;
  const rules = {
    length: (text, number) => Array.from(text).length >= number,
    upper: (text) => upper.test(text),
    lower: (text) => lower.test(text),
    digit: (text) => digit.test(text),
    special: (text) => special.test(text),
    kinds: (text, number) => [upper, lower, digit, special].filter((kind) => kind.test(text)).length >= number,
  };
  all("[data-criteria]").forEach((list) => {
    const input = document.getElementById(list.dataset.criteria);
    const live = list.parentElement.querySelector("[data-criteria-live]");
    const items = Array.from(list.querySelectorAll("[data-rule]"));
    if (!input) return;
    // Marks that nothing sets would look like boxes to be ticked.
    list.classList.add("live");
    let before = "", timer = 0;
    const tick = () => {
      const text = kept(input.value);
      const met = items.map((item) => {
        const rule = rules[item.dataset.rule];
        return rule ? rule(text, Number(item.dataset.number)) : false;
      });
      items.forEach((item, index) => {
        item.classList.toggle("met", met[index]);
        const kinds = Array.from(item.querySelectorAll("[data-kind]"));
        const there = kinds.filter((kind) => kind.classList.toggle("met", rules[kind.dataset.kind](text))).length;
        const state = met[index] ? list.dataset.met : list.dataset.unmet;
        item.querySelector("[data-state]").textContent = kinds.length ? `${there} ${list.dataset.of}, ${state}` : state;
      });
      const whole = good(input.id, text !== "" && met.every(Boolean));
      const now = met.join();
      if (now === before || !text) { before = text ? now : ""; return; }
      before = now;
      clearTimeout(timer);
      timer = setTimeout(() => {
        const open = items.filter((item, index) => !met[index]);
        const words = (item) => item.querySelector("[data-text]").textContent;
        live.textContent = open.length ? `${list.dataset.unmet} : ${open.map(words).join(", ")}` : whole;
      }, 700);
    };
    input.addEventListener("input", tick);
    tick();
  });

  all("[data-again-live]").forEach((live) => {
    const [first, again] = ["password", "confirmation"].map((id) => document.getElementById(id));
    let timer = 0;
    const agree = () => {
      const words = good(again.id, again.value !== "" && kept(first.value) === kept(again.value));
      clearTimeout(timer);
      if (!words) live.textContent = "";
      timer = setTimeout(() => { if (live.textContent !== words) live.textContent = words; }, 700);
    };
    [first, again].forEach((input) => input.addEventListener("input", agree));
    agree();
  });

  all("[data-caps]").forEach((place) => {
    const input = document.getElementById(place.id.replace(/-caps$/, ""));
    const look = (event) => {
      const on = event.getModifierState && event.getModifierState("CapsLock");
      place.textContent = on ? place.dataset.caps : "";
    };
    input.addEventListener("keyup", look);
    input.addEventListener("blur", () => { place.textContent = ""; });
  });

  // A button that opens after some seconds. The server keeps the time too; this only shows it.
  all("[data-wait]").forEach((button) => {
    const place = button.form.querySelector("[data-wait-text]");
    const live = button.form.querySelector("[data-wait-live]");
    const end = performance.now() + Number(button.dataset.wait) * 1000;
    const show = () => {
      const left = Math.ceil((end - performance.now()) / 1000);
      if (left > 0) {
        place.textContent = `${place.dataset.waiting} ${left} s`;
        setTimeout(show, 250);
      } else {
        button.disabled = false;
        place.textContent = place.dataset.open;
        live.textContent = place.dataset.open;
      }
    };
    button.disabled = true;
    show();
  });

  // A page that leads on by itself stays as soon as anything is done there, and while nobody sees it (WCAG 2.2.1).
  all("[data-lead-on]").forEach((place) => {
    const link = document.querySelector("main a.button");
    if (!link || parent !== window) return;
    const signs = ["keydown", "pointerdown", "pointermove", "wheel", "focusin", "visibilitychange"];
    const stay = (event) => {
      // A page that opens below a mouse is told of a move that nobody made.
      if (event.type === "pointermove" && !event.movementX && !event.movementY) return;
      clearTimeout(timer);
      signs.forEach((sign) => document.removeEventListener(sign, stay, true));
      // The words go, and their place stays: nothing moves below a finger.
      place.classList.add("gone");
    };
    const timer = setTimeout(() => link.click(), Number(place.dataset.leadOn) * 1000);
    signs.forEach((sign) => document.addEventListener(sign, stay, true));
    place.hidden = false;
  });

  // « Mot de passe oublié ? » takes the identifier along, and no password that a browser could offer to keep.
  all("[data-without-password]").forEach((button) => {
    button.addEventListener("click", () => {
      button.form.querySelectorAll(".secret input").forEach((input) => { input.value = ""; });
    });
  });

  all("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });

  // Back from the mailbox in another tab: if the link was opened meanwhile, this page has gone on.
  const check = document.querySelector("[data-return-check]");
  if (check) {
    document.addEventListener("visibilitychange", async () => {
      const code = document.querySelector("[data-code]");
      if (document.hidden || (code && code.value)) return;
      try {
        const answer = await fetch(check.dataset.returnCheck, { redirect: "manual", credentials: "same-origin" });
        if (answer.type === "opaqueredirect") location.assign(check.dataset.returnCheck);
      } catch { /* Without a network the page stays as it is. */ }
    });
  }

  // The eight digits of a code send themselves once they are there, typed or pasted, after a moment in which typing may go
  // on: once, and never what was in the field before.
  all("[data-code]").forEach((input) => {
    let timer = 0, sent = false;
    all("[data-code-sends]").forEach((hint) => { hint.hidden = false; });
    const digits = () => input.value.normalize("NFKC").replace(/[^0-9]/g, "");
    input.addEventListener("input", (event) => {
      clearTimeout(timer);
      const typed = digits();
      if (sent || event.isComposing || typed.length !== 8) return;
      timer = setTimeout(() => {
        if (digits() !== typed || sent || document.hidden) return;
        sent = true;
        input.form.requestSubmit();
      }, 800);
    });
    input.form.addEventListener("submit", () => { clearTimeout(timer); sent = true; });
    addEventListener("pageshow", (event) => { if (event.persisted) { clearTimeout(timer); sent = true; } });
  });

  // A page of the wizard that Back shows as it was kept is asked for again: it has to know how the run stands now.
  addEventListener("pageshow", (event) => {
    if (event.persisted && document.querySelector("input[name=seen]")) location.reload();
  });

  // A second click while the first is on its way sends nothing again, and the button shows that it is on its way: an old
  // extranet takes seconds.
  const busy = document.querySelector("[data-busy]");
  all("form").forEach((form) => {
    let sent = false, pressed = null;
    form.addEventListener("submit", (event) => {
      if (sent) { event.preventDefault(); return; }
      sent = form.method === "post";
      setTimeout(() => { sent = false; }, 4000);
      pressed = event.submitter;
      if (pressed) pressed.setAttribute("aria-busy", "true");
      busy.textContent = busy.dataset.busy;
    });
    addEventListener("pageshow", () => {
      sent = false;
      if (pressed) pressed.removeAttribute("aria-busy");
      busy.textContent = "";
    });
  });
})();
