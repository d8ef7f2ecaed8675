// Loads drawn pages at several widths and tells what is laid out amiss.
const WIDTHS = [320, 390, 700, 1280];

const shown = (element) => element.getClientRects().length > 0 && !element.closest(".sr, .skip, [hidden]");

// A link that stands in a sentence may be as small as its words.
const isInText = (element, view) => {
  if (view.getComputedStyle(element).display !== "inline") return false;
  const block = element.closest("p, li, dd, dt, h1, h2, h3, label, div");
  return block.textContent.trim().length > element.textContent.trim().length + 1;
};

const faultsOf = (page, width) => {
  const view = page.defaultView, faults = [], root = page.documentElement;
  if (root.scrollWidth > root.clientWidth + 1) faults.push("scrolls sideways");
  if (page.querySelector("meta[http-equiv=refresh]")) faults.push("leaves by itself");
  const edges = [".top-in > :first-child", ".card", ".foot-line"].map((name) => page.querySelector(name).getBoundingClientRect().left);
  if (Math.max(...edges) - Math.min(...edges) > 1) faults.push(`edges ${edges}`);
  if (width < 500) {
    for (const target of page.querySelectorAll("a[href], button, summary, input[type=checkbox]")) {
      if (!shown(target) || isInText(target, view)) continue;
      const { width: wide, height: high } = target.getBoundingClientRect();
      if (wide < 43.9 || high < 43.9) faults.push(`${target.outerHTML.slice(0, 90)} is ${wide.toFixed(0)} x ${high.toFixed(0)}`);
    }
  }
  const texts = page.createTreeWalker(page.querySelector("body"), view.NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const beside = (node) => node && node.nodeName === "WBR";
    if (!beside(text.nextSibling) && !beside(text.previousSibling)) continue;
    // The last word before a break, or the first one behind it, is a part of the address.
    const whole = text.data, from = beside(text.nextSibling) ? whole.trimEnd().lastIndexOf(" ") + 1 : 0;
    const end = beside(text.previousSibling) && !beside(text.nextSibling) ? whole.search(/\s|$/) : whole.length;
    // A part with hyphens that is longer than a small phone's line may break behind them.
    if (end - from > 23 && whole.includes("-")) continue;
    const range = page.createRange();
    range.setStart(text, from);
    range.setEnd(text, end);
    const lines = Array.from(range.getClientRects());
    const long = lines.reduce((sum, line) => sum + line.width, 0);
    const room = text.parentElement.closest("p, li, dd, dt, h1, h2, button, a.button, div").clientWidth;
    if (lines.length > 1 && long < room) faults.push(`"${whole}" breaks`);
  }
  return faults;
};

const measure = async (names) => {
  const frames = WIDTHS.map((width) => {
    const frame = document.createElement("iframe");
    Object.assign(frame, { width, height: 900 });
    return document.body.appendChild(frame);
  });
  const found = [];
  for (const name of names) {
    await Promise.all(frames.map((frame) => new Promise((done) => {
      frame.onload = done;
      frame.src = `/fr/${name}`;
    })));
    frames.forEach((frame, index) => {
      const faults = faultsOf(frame.contentDocument, WIDTHS[index]);
      found.push(...faults.map((fault) => `${name} at ${WIDTHS[index]}: ${fault}`));
    });
  }
  frames.forEach((frame) => frame.remove());
  return found;
};
