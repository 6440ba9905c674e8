// One slide at a time, turned by keys, buttons or links; the address remembers which.
const all = [...document.querySelectorAll("main > section")];
let current = 0;

function show(number, focus = true) {
  current = Math.max(0, Math.min(all.length - 1, number));
  all.forEach((slide, k) => slide.classList.toggle("current", k === current));
  document.getElementById("place").textContent = `${current + 1} of ${all.length}`;
  history.replaceState(null, "", `#${all[current].id}`);
  if (focus) all[current].focus({ preventScroll: true });
  scrollTo(0, 0);
}

function slideOfAddress() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  return Math.max(0, all.indexOf(target?.closest("section")));
}

const TURNS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };
addEventListener("keydown", event => {
  const onControl = event.target.closest("a, button") && event.key === " ";
  if (event.ctrlKey || event.metaKey || event.altKey || onControl) return;
  if (event.key in TURNS) show(current + TURNS[event.key]);
  else if (event.key === "Home") show(0);
  else if (event.key === "End") show(all.length - 1);
  else return;
  event.preventDefault();
});
addEventListener("hashchange", () => show(slideOfAddress()));
document.getElementById("back").addEventListener("click", () => show(current - 1, false));
document.getElementById("next").addEventListener("click", () => show(current + 1, false));
document.documentElement.classList.add("turned");
show(slideOfAddress(), false);
