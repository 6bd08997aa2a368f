// What HTML and CSS cannot do: the form, the rows and the address agree whatever becomes of a question; a failure is told
// where the reader is and can be asked again; a screen reader hears that a region is busy; the age of the data grows.
const byId = (id) => document.getElementById(id);
const here = () => location.pathname + location.search;
let asked, failed, lastField;

// One question at a time: an answer to any other but the last one counts for nothing.
addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  asked = { ctx, target: ctx.target, swap: ctx.swap, path: ctx.request.action };
  asked.target?.setAttribute("aria-busy", "true");
});
// Only what carries our header is our answer: a proxy's own page goes nowhere.
addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  const isOurs = ctx.response.headers.get("x-answered-by") === "portal";
  if (ctx === asked?.ctx && isOurs) return;
  event.preventDefault();
  if (ctx === asked?.ctx) tellNoAnswer();
});
addEventListener("htmx:error", ({ detail: { ctx } }) => { if (ctx && ctx === asked?.ctx) tellNoAnswer(); });
// 400 is a filter to mend: what stands in the form stays, and its sentence beside it.
addEventListener("htmx:response:error", ({ detail: { ctx } }) => { if (ctx.response.status !== 400) remember(); });
addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx === asked?.ctx && ctx.response?.status < 400) agree(true);
});
addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  if (ctx === asked?.ctx) asked.target?.removeAttribute("aria-busy");
});

// What a link changes is part of the form from the click on: a later choice takes it along.
addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (ctx.isAgain) ctx.request.body = new FormData();
  for (const [name, value] of Object.entries(ctx.vals ?? {})) {
    const field = byId("report-form")?.elements.namedItem(name);
    if (field) field.value = value;
  }
});

// The form says what is shown, and that is what the address says. Left alone is what somebody is typing: after an answer
// the field in focus, after a failure only what was not yet asked for.
const agree = (isAnswer) => {
  const shown = new URLSearchParams(location.search);
  const sent = new URL(asked.path, location).searchParams;
  for (const field of byId("report-form")?.elements ?? []) {
    if (!field.name) continue;
    const isTyped = field === document.activeElement && field.matches("input")
      && (isAnswer || field.value !== sent.get(field.name));
    const otherwise = field.type === "date" ? field.defaultValue : "";
    if (!isTyped) field.value = shown.get(field.name) ?? otherwise;
  }
};

const remember = () => {
  failed = asked;
  if (asked.target !== document.body) agree(false);
};
const tellNoAnswer = () => {
  remember();
  byId("notices")?.replaceChildren(byId("no-answer").content.cloneNode(true));
};
addEventListener("click", ({ target }) => {
  if (target.closest?.("#close-notice")) byId("notices").replaceChildren();
  if (!failed || !target.closest?.("#retry")) return;
  const { ctx: { sourceElement: source, sourceEvent }, swap, path } = failed;
  (sourceEvent?.target ?? source).focus?.();
  htmx.ajax("GET", path, { source, target: failed.target, swap, isAgain: true });
});

// A visit to a field is one entry of the history, however many letters or arrow keys it takes.
addEventListener("focusout", () => { lastField = undefined; });
addEventListener("htmx:before:history:update", ({ detail: { history } }) => {
  const from = asked?.ctx.sourceEvent?.target;
  const field = from?.matches?.("input, select") ? from : undefined;
  if ((field && field === lastField) || history.path === here()) history.type = "replace";
  lastField = field;
});

// The age of the data grows while the page is open, by the server's clock: `skew` is how far it is from ours.
const skew = Date.parse(document.querySelector(".age")?.dataset.drawn) - Date.now() || 0;
const grow = () => document.querySelectorAll(".age").forEach((place) => {
  const [time, ago] = [place.querySelector("time"), place.querySelector(".ago")];
  if (!time) return;
  const { drawn, interval, late } = place.dataset;
  const now = Date.now() + skew;
  const seconds = (now - Date.parse(time.dateTime)) / 1000;
  const [unit, size] = seconds < 3600 ? ["minute", 60] : seconds < 86400 ? ["hour", 3600] : ["day", 86400];
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang);
  ago.textContent = seconds < 60 ? ago.dataset.now : words.format(-Math.floor(seconds / size), unit);
  const isLate = late > 0 && seconds > late;
  place.classList.toggle("late", isLate);
  place.querySelector(".usual")?.toggleAttribute("hidden", !isLate);
  place.querySelector(".again")?.toggleAttribute("hidden", !(interval > 0 && now - Date.parse(drawn) > interval * 1000));
});
setInterval(grow, 5000);
addEventListener("htmx:after:swap", grow);
