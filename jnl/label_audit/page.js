"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const sheets = [...document.querySelectorAll("script.sheet")];
const list = document.getElementById("list"), bar = document.querySelector(".controls");
const key = "jnl-audit-" + data.id;
const CHUNK = 30; // examples that are added at once
const PER_ROW = 16, PER_SHEET = 256; // as in thumbnails.py
const CHOICES = [["keep", "Keep"], ["relabel", "Relabel"], ["drop", "Drop"], ["unsure", "Unsure"]];
const has = {};
for (const [kind, rows] of Object.entries(data.kinds)) has[kind] = new Set(rows);

// Row of the data set -> {decision, label, given, file}. An earlier audit of these data may have listed other rows.
let decisions = {};
let kept = true; // whether this browser keeps them
let past = []; // [row, decision before it]
let shown = [], drawn = 0;

function store(use) {
  try { if (kept) use(localStorage); } catch { kept = false; }
  document.getElementById("lost").hidden = kept;
}

function read() { // what other tabs decided too
  store(storage => { decisions = JSON.parse(storage.getItem(key)) || {}; });
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const addresses = []; // of sheets that were decoded
function picture(number, size) {
  const name = `example ${data.used_index[number]}`;
  const sheet = Math.floor(number / PER_SHEET), place = number % PER_SHEET;
  if (!addresses[sheet]) {
    const text = atob(sheets[sheet].textContent), bytes = new Uint8Array(text.length);
    for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place); // faster than a callback
    addresses[sheet] = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  }
  const made = element("div", { className: "picture", role: "img", title: name });
  made.setAttribute("aria-label", name);
  made.style.backgroundImage = `url(${addresses[sheet]})`;
  made.style.backgroundSize = `${PER_ROW * size}px auto`;
  made.style.backgroundPosition = `-${place % PER_ROW * size}px -${Math.floor(place / PER_ROW) * size}px`;
  return made;
}

function card(number) {
  const row = data.index[number], given = data.names[data.given[number]], suggested = data.names[data.suggested[number]];
  const article = element("article", { tabIndex: -1 });
  article.dataset.number = number;
  const percent = (100 * data.probability[number]).toFixed(1) + "%";
  const title = has.wrong.has(number)
    ? element("h2", {}, element("bdi", { className: "was" }, given), " ", element("bdi", { className: "becomes" }, suggested), ` ${percent}`)
    : element("h2", {}, element("bdi", {}, given), " (", element("bdi", {}, suggested), `? ${percent})`);
  article.setAttribute("aria-label", `example ${row}: labeled ${given}, suggested ${suggested}, wrong with probability ${percent}`);
  const words = element("div", {}, title, element("p", { className: "where" }, element("bdi", {}, data.file.length ? data.file[number] : `example ${row}`)));
  if (data.reasons[number]) words.append(element("p", { className: "why" }, data.reasons[number]));
  const head = element("div", { className: "head" }, words);
  if (sheets.length) head.prepend(picture(data.thumbnail[number], 96));
  article.append(head);
  if (data.text.length) article.append(element("p", { className: "content", dir: "auto" }, data.text[number]));
  if (sheets.length && data.near.length && data.near[number].length) {
    const near = element("div", { className: "near" });
    for (const other of data.near[number])
      near.append(element("figure", {}, picture(other, 52), element("figcaption", {}, element("bdi", {}, data.names[data.used_given[other]]))));
    article.append(element("h3", {}, "Most similar examples, and their labels"), near);
  }
  const choices = element("div", { className: "choices" });
  for (const [name, text] of CHOICES) {
    const button = element("button", { type: "button" }, text);
    button.dataset.choice = name;
    button.addEventListener("click", () => decide(article, name, true));
    choices.append(button);
  }
  const label = element("select", {});
  label.setAttribute("aria-label", "new label");
  data.names.forEach((name, code) => label.append(element("option", { value: code }, name)));
  label.value = data.suggested[number];
  // The arrow keys look through the classes. Enter decides, or leaving the card; Escape goes back.
  let keyed = false;
  const finish = () => { if (label.value !== listed(number)) decide(article, "relabel"); };
  label.addEventListener("pointerdown", () => { keyed = false; });
  label.addEventListener("keydown", event => {
    keyed = true;
    if (event.key === "Enter") finish();
    else if (event.key === "Escape") mark(article);
    else return;
    event.preventDefault();
  });
  label.addEventListener("change", () => { if (!keyed) finish(); });
  choices.append(label);
  article.append(choices);
  article.addEventListener("focusin", () => {
    for (const other of list.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
    article.setAttribute("aria-current", "true");
  });
  article.addEventListener("focusout", event => { if (!article.contains(event.relatedTarget)) finish(); });
  mark(article);
  return article;
}

function listed(number) { // the class that the list of a card shows
  const decided = decisions[data.index[number]];
  return String(decided?.decision === "relabel" ? decided.label : data.suggested[number]);
}

function mark(article) {
  const decided = decisions[data.index[article.dataset.number]];
  article.classList.toggle("reviewed", Boolean(decided));
  for (const button of article.querySelectorAll("button"))
    button.setAttribute("aria-pressed", String(decided?.decision === button.dataset.choice));
  article.querySelector("select").value = listed(article.dataset.number);
}

function set(row, decision) {
  read();
  if (decision) decisions[row] = decision; else delete decisions[row];
  store(storage => storage.setItem(key, JSON.stringify(decisions)));
  const article = list.querySelector(`[data-number="${data.index.indexOf(row)}"]`);
  if (article) mark(article);
  count();
}

function decide(article, name, again = false) { // the same decision again clears it
  const number = Number(article.dataset.number), row = data.index[number], given = data.given[number];
  const label = name === "relabel" ? Number(article.querySelector("select").value) : given;
  const decision = name === "relabel" && label === given ? "keep" : name, before = decisions[row];
  past.push([row, before]);
  const clear = again && before?.decision === decision && before.label === label;
  set(row, clear ? undefined : { decision, label, given, file: data.file[number] });
}

function undo() {
  if (!past.length) return;
  const [row, before] = past.pop(), number = data.index.indexOf(row);
  set(row, before);
  if (!shown.includes(number)) draw();
  if (shown.includes(number)) show(shown.indexOf(number));
  else count(`, undone: example ${row}, which is not in this list`);
}

function count(more = "") {
  const numbers = [shown.length, Object.keys(decisions).length, drawn].map(number => number.toLocaleString("en"));
  document.getElementById("count").textContent = `${numbers[0]} examples, ${numbers[1]} reviewed${more}`;
  document.getElementById("printed").textContent =
    `${numbers[2]} of ${numbers[0]} examples are printed. The page loads more of them while you scroll down.`;
  document.getElementById("undo").disabled = !past.length;
}

function refresh() {
  read();
  for (const article of list.children) mark(article);
  count();
}

function wanted() {
  const value = name => document.getElementById(name).value;
  const given = value("given"), suggested = value("suggested"), kind = value("kind"), state = value("state");
  const least = Number(value("least")) / 100, text = value("text").toLowerCase();
  return data.index.map((_, number) => number).filter(number =>
    (given === "" || data.given[number] === Number(given)) &&
    (suggested === "" || data.suggested[number] === Number(suggested)) &&
    (kind === "" || has[kind].has(number)) &&
    (state === "" || (state === "yes") === Boolean(decisions[data.index[number]])) &&
    data.probability[number] >= least &&
    (text === "" || [data.index[number], data.file[number], data.text[number], data.reasons[number], data.names[data.given[number]], data.names[data.suggested[number]]]
      .some(part => part !== undefined && String(part).toLowerCase().includes(text))));
}

function draw() {
  shown = wanted();
  drawn = 0;
  list.replaceChildren();
  more();
}

const end = document.getElementById("more");
const watch = new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) more(); }, { rootMargin: "800px" });

function more() {
  const next = shown.slice(drawn, drawn + CHUNK);
  list.append(...next.map(card));
  drawn += next.length;
  count();
  if (drawn < shown.length) { watch.unobserve(end); watch.observe(end); }  // it tells again if the end is still in view
}

function show(place) {
  while (place >= drawn && drawn < shown.length) more();
  const article = list.children[place];
  if (article) { article.focus(); article.scrollIntoView({ block: "nearest" }); }
}

function onScreen(article) { // at least half of what fits
  const { top, bottom, height } = article.getBoundingClientRect();
  const first = Math.max(bar.getBoundingClientRect().bottom, 0);
  return Math.min(bottom, innerHeight) - Math.max(top, first) >= Math.min(height, innerHeight - first) / 2;
}

function exported() {
  const quoted = text => `"${(/^[=+\-@\t\r]/.test(text) ? "'" : "") + String(text).replaceAll('"', '""')}"`;
  const lines = Object.entries(decisions).map(([row, { decision, label, given, file }]) => {
    const cells = [row, quoted(data.names[given]), decision, quoted(data.names[label])];
    return [...cells, ...(data.file.length ? [quoted(file)] : [])].join(",");
  });
  return ["index,given,decision,label" + (data.file.length ? ",file" : ""), ...lines].join("\n") + "\n";
}

for (const name of ["given", "suggested"])
  data.names.forEach((text, code) => document.getElementById(name).append(element("option", { value: code }, text)));
const KINDS = { wrong: "wrong label", overlap: "between two classes", duplicate: "duplicate", outlier: "outlier" };
for (const kind of Object.keys(data.kinds)) document.getElementById("kind").append(element("option", { value: kind }, KINDS[kind]));
bar.addEventListener("input", draw);
bar.addEventListener("submit", event => event.preventDefault());
new ResizeObserver(() => { document.documentElement.style.setProperty("--bar", `${bar.offsetHeight}px`); }).observe(bar);
document.getElementById("undo").addEventListener("click", undo);
document.getElementById("export").addEventListener("click", () => {
  const address = URL.createObjectURL(new Blob([exported()], { type: "text/csv" }));
  element("a", { href: address, download: "decisions.csv" }).click();
});
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "SELECT"].includes(event.target.tagName)) return;
  const step = { j: 1, ArrowRight: 1, ArrowDown: 1, k: -1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const choice = { 1: "keep", 2: "relabel", 3: "drop", 4: "unsure" }[event.key];
  const marked = list.querySelector("[aria-current]"), cards = [...list.children];
  if (event.key === "z") undo();
  else if (!step && !choice) return;
  else if (!marked || !onScreen(marked)) show(Math.max(cards.findIndex(onScreen), 0));
  else {
    if (choice) decide(marked, choice);
    show(Math.min(Math.max(cards.indexOf(marked) + (step || 1), 0), shown.length - 1));
  }
  event.preventDefault();
});
addEventListener("storage", refresh);
addEventListener("pageshow", event => { if (event.persisted) refresh(); else draw(); }); // the controls have their values now
read();
