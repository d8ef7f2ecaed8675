// Shows the pages themselves, and finds words in them. Without it the index is a list of links.
(() => {
  "use strict";
  const all = (selector, inside = document) => Array.from(inside.querySelectorAll(selector));
  const frames = new Map();

  // A page at its own width, made smaller to fit. It is loaded when it is nearly in sight, and let go far from it.
  const fit = (...figures) => {
    // All are measured before the first is changed, or each would be laid out anew.
    const measured = figures.map((figure) => [figure, figure.querySelector(".glass").clientWidth]);
    measured.forEach(([figure, room]) => {
      const glass = figure.querySelector(".glass"), frame = glass.firstElementChild;
      const width = Number(figure.dataset.width), height = Number(figure.dataset.height);
      const scale = Math.min(1, room / width);
      glass.style.height = `${Math.ceil(height * scale)}px`;
      if (!frame) return;
      frame.style.width = `${width}px`;
      frame.style.height = `${height}px`;
      frame.style.transform = `scale(${scale})`;
    });
  };
  const load = (figure) => {
    const glass = figure.querySelector(".glass");
    if (glass.firstElementChild) return;
    const views = figure.closest("[data-views]");
    const frame = document.createElement("iframe");
    frame.title = `${views.dataset.title}, ${figure.dataset.width}`;
    frame.src = views.dataset.page;
    glass.append(frame);
    frames.set(frame.contentWindow, figure);
    fit(figure);
  };
  const unload = (figure) => {
    const frame = figure.querySelector("iframe");
    if (!frame) return;
    frames.delete(frame.contentWindow);
    frame.remove();
  };
  addEventListener("message", (event) => {
    const figure = frames.get(event.source);
    const height = event.data && Number(event.data.height);
    if (!figure || !(height > Number(figure.dataset.height))) return;
    figure.dataset.height = String(height);
    fit(figure);
  });
  const near = new IntersectionObserver((seen) => {
    seen.forEach((entry) => (entry.isIntersecting ? load : unload)(entry.target));
  }, { rootMargin: "1500px" });
  all("[data-views]").forEach((views) => { views.hidden = false; });
  fit(...all("[data-views] figure"));
  all("[data-views] figure").forEach((figure) => near.observe(figure));
  addEventListener("resize", () => fit(...all("[data-views] figure")));

  // What has all of the words that are looked for, in whatever case and accents.
  const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const states = all(".state").map((state) => [state, folded(`${state.dataset.words} ${state.id}`)]);
  const field = document.getElementById("filter"), found = document.getElementById("found");
  const unseen = document.getElementById("unseen");
  const filter = () => {
    const words = folded(field.value).split(/\s+/).filter(Boolean);
    const shown = states.filter(([state, text]) => {
      const show = words.every((word) => text.includes(word)) && !(unseen.checked && state.matches(".unseen"));
      state.hidden = !show;
      return show;
    });
    all(".harm").forEach((harm) => { harm.hidden = !all(".state:not([hidden])", harm).length; });
    all(".group, .chapter").forEach((part) => { part.hidden = !all(".state:not([hidden])", part).length; });
    all(".jumps a").forEach((link) => { link.hidden = document.getElementById(link.hash.slice(1)).hidden; });
    all("nav li").forEach((item) => { item.hidden = document.getElementById(item.firstElementChild.hash.slice(1)).hidden; });
    const counted = shown.filter(([state]) => !state.closest(".harm")).length;
    found.textContent = !words.length ? "" : shown.length ? `${counted} ${found.dataset.found}` : found.dataset.none;
    fit(...all(".state:not([hidden]) figure[data-width]"));
  };
  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(filter, 120);
  };
  all("[data-filter]").forEach((part) => { part.hidden = false; });
  if (all(".unseen").length) document.querySelector("[data-unseen-box]").hidden = false;
  field.addEventListener("input", soon);
  unseen.addEventListener("change", filter);

  // The other language shows the same page.
  const follow = () => all("[data-same-place]").forEach((link) => { link.hash = location.hash; });
  addEventListener("hashchange", follow);
  follow();
})();
