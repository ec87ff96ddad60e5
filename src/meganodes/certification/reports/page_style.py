"""How the page of a report looks, by day, by night and on paper; and its one button."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --good: #17753a; --bad: #b3261e; --soft: #8881; }
@media (prefers-color-scheme: dark) { :root { --good: #5fd38d; --bad: #ff8a80; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { margin: 0 0 .5rem; } h2 { margin: 2rem 0 .5rem; } h3 { margin: 1.25rem 0 .5rem; }
h4 { margin: .75rem 0 .25rem; } small { font-weight: normal; opacity: .75; }
.result { font-size: 1.2rem; font-weight: 600; padding: .75rem 1rem; border-left: .4rem solid; }
.good { color: var(--good); } .bad, .money { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .5rem 0; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
article { border: 1px solid var(--line); border-left: .4rem solid var(--bad); padding: 0 1rem 1rem;
  margin: 1rem 0; border-radius: .3rem; }
.case { border-bottom: 1px solid var(--line); padding: .35rem 0; }
.case > summary { cursor: pointer; }
.case > summary > span { display: inline-block; min-width: 7.5rem; font-weight: 600; }
.passed > summary > span { color: var(--good); } .failed > summary > span { color: var(--bad); }
.step { border-left: 2px solid var(--line); padding-left: 1rem; margin: .75rem 0; }
pre { background: var(--soft); padding: .5rem .75rem; font-size: .85rem;
  white-space: pre-wrap; overflow-wrap: anywhere;
  border-radius: .3rem; margin: .35rem 0; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
@media print { .step details, button { display: none; } article { break-inside: avoid; } }
"""

SCRIPT: Final = """
for (const button of document.querySelectorAll("button")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = "Copied";
  });
}
"""
