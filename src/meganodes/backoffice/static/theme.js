// Before the first paint: the colours somebody chose, else those of the system.
"use strict";
(() => {
  const wanted = localStorage.getItem("meganodes-theme");
  const dark = wanted ? wanted === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
})();
