// What CSS cannot do: tell a screen reader that a region is busy, and show the notice that stands ready in the page when
// no answer came at all. Nothing else lives here.
const region = (event, word) => event.detail?.ctx?.target?.setAttribute?.("aria-busy", word);
const silence = (is) => document.getElementById("no-answer")?.toggleAttribute("hidden", !is);
addEventListener("htmx:before:request", (event) => { region(event, "true"); silence(false); });
addEventListener("htmx:finally:request", (event) => region(event, "false"));
addEventListener("htmx:error", (event) => { if (event.detail?.ctx) silence(true); });
