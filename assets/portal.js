// What CSS cannot do: tell a screen reader that a region is busy, and show the notice that stands ready in the page when
// no answer came at all. Nothing else lives here.
const region = (event, word) => event.detail?.ctx?.target?.setAttribute?.("aria-busy", word);
const silence = (is) => document.getElementById("no-answer")?.toggleAttribute("hidden", !is);
addEventListener("htmx:before:request", (event) => { region(event, "true"); silence(false); });
addEventListener("htmx:finally:request", (event) => region(event, "false"));
addEventListener("htmx:error", (event) => { if (event.detail?.ctx) silence(true); });

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
