// In a page that is drawn to be looked at: tells the index how tall it is, and leaves the focus there.
(() => {
  "use strict";
  if (parent === window) return;
  HTMLElement.prototype.focus = () => {};
  const tell = () => parent.postMessage({ height: document.documentElement.scrollHeight }, "*");
  addEventListener("load", () => {
    new ResizeObserver(tell).observe(document.body);
    tell();
  });
})();
