// No answer means no body to swap: then the notice that stands ready in the page is shown. Nothing else lives here.
addEventListener("htmx:error", () => document.getElementById("no-answer")?.removeAttribute("hidden"));
addEventListener("htmx:after:request", () => document.getElementById("no-answer")?.setAttribute("hidden", ""));
