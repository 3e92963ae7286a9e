"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const sheets = [...document.querySelectorAll("script.sheet")];
const list = document.getElementById("list");
const key = "jnl-audit-" + data.id;
const CHUNK = 30; // examples that are added at once
const PER_ROW = 16, PER_SHEET = 256; // as in thumbnails.py
const CHOICES = [["keep", "Keep"], ["relabel", "Relabel"], ["drop", "Drop"], ["unsure", "Unsure"]];
const has = {};
for (const [kind, rows] of Object.entries(data.kinds)) has[kind] = new Set(rows);

// Row of the data set -> {decision, label, given, file}. An earlier audit of these data may have listed other rows.
let decisions = {};
let past = []; // [row, decision before it]
let shown = [], drawn = 0, current = 0;
try { decisions = JSON.parse(localStorage.getItem(key)) || {}; } catch { /* this browser keeps nothing */ }

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const addresses = []; // of sheets that were decoded
function picture(number, size) {
  const sheet = Math.floor(number / PER_SHEET), place = number % PER_SHEET;
  if (!addresses[sheet]) {
    const text = atob(sheets[sheet].textContent), bytes = new Uint8Array(text.length);
    for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place); // faster than a callback
    addresses[sheet] = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  }
  const made = element("div", { className: "picture" });
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
    ? element("h2", {}, element("span", { className: "was" }, given), " ", element("span", { className: "becomes" }, suggested), ` ${percent}`)
    : element("h2", {}, given, ` (${suggested}? ${percent})`);
  article.setAttribute("aria-label", `example ${row}: labeled ${given}, suggested ${suggested}, wrong with probability ${percent}`);
  const words = element("div", {}, title, element("p", { className: "where" }, data.file.length ? data.file[number] : `example ${row}`));
  if (data.reasons[number]) words.append(element("p", { className: "why" }, data.reasons[number]));
  const head = element("div", { className: "head" }, words);
  if (sheets.length) head.prepend(picture(data.thumbnail[number], 96));
  article.append(head);
  if (data.text.length) article.append(element("p", { className: "content" }, data.text[number]));
  if (sheets.length && data.near.length && data.near[number].length) {
    const near = element("div", { className: "near" });
    for (const other of data.near[number])
      near.append(element("figure", { title: `example ${data.used_index[other]}` }, picture(other, 52), element("figcaption", {}, data.names[data.used_given[other]])));
    article.append(near);
  }
  const choices = element("div", { className: "choices" });
  for (const [name, text] of CHOICES) {
    const button = element("button", { type: "button" }, text);
    button.dataset.choice = name;
    button.addEventListener("click", () => decide(number, name));
    choices.append(button);
  }
  const label = element("select", {});
  label.setAttribute("aria-label", "new label");
  data.names.forEach((name, code) => label.append(element("option", { value: code }, name)));
  label.value = data.suggested[number];
  label.addEventListener("change", () => decide(number, "relabel"));
  choices.append(label);
  article.append(choices);
  article.addEventListener("focusin", () => { current = shown.indexOf(number); });
  mark(article);
  return article;
}

function mark(article) {
  const decided = decisions[data.index[article.dataset.number]];
  article.classList.toggle("reviewed", Boolean(decided));
  for (const button of article.querySelectorAll("button"))
    button.setAttribute("aria-pressed", String(Boolean(decided) && decided.decision === button.dataset.choice));
  const relabeled = decided && decided.decision === "relabel";
  article.querySelector("select").value = relabeled ? decided.label : data.suggested[article.dataset.number];
}

function set(row, decision) {
  if (decision) decisions[row] = decision; else delete decisions[row];
  try { localStorage.setItem(key, JSON.stringify(decisions)); } catch { /* this browser keeps nothing */ }
  const article = list.querySelector(`[data-number="${data.index.indexOf(row)}"]`);
  if (article) mark(article);
  count();
}

function decide(number, name) {
  const row = data.index[number], article = list.querySelector(`[data-number="${number}"]`);
  const label = name === "relabel" ? Number(article.querySelector("select").value) : data.given[number];
  past.push([row, decisions[row]]);
  set(row, { decision: name, label, given: data.given[number], file: data.file[number] });
}

function undo() {
  if (past.length) set(...past.pop());
}

function count() {
  document.getElementById("count").textContent =
    `${shown.length.toLocaleString("en")} examples, ${Object.keys(decisions).length.toLocaleString("en")} reviewed`;
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
  drawn = current = 0;
  list.replaceChildren();
  more();
  count();
}

const end = document.getElementById("more");
const watch = new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) more(); }, { rootMargin: "800px" });

function more() {
  const next = shown.slice(drawn, drawn + CHUNK);
  list.append(...next.map(card));
  drawn += next.length;
  if (drawn < shown.length) { watch.unobserve(end); watch.observe(end); }  // it tells again if the end is still in view
}

function go(step) {
  const next = Math.min(Math.max(current + step, 0), shown.length - 1);
  while (next >= drawn && drawn < shown.length) more();
  const article = list.children[next];
  if (article) { article.focus(); article.scrollIntoView({ block: "nearest" }); }
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
document.querySelector(".controls").addEventListener("input", draw);
document.querySelector(".controls").addEventListener("submit", event => event.preventDefault());
document.getElementById("undo").addEventListener("click", undo);
document.getElementById("export").addEventListener("click", () => {
  const address = URL.createObjectURL(new Blob([exported()], { type: "text/csv" }));
  element("a", { href: address, download: "decisions.csv" }).click();
});
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "SELECT"].includes(event.target.tagName)) return;
  const step = { j: 1, ArrowRight: 1, ArrowDown: 1, k: -1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const choice = { 1: "keep", 2: "relabel", 3: "drop", 4: "unsure" }[event.key];
  if (event.key === "z") undo();
  else if (step) go(list.contains(document.activeElement) ? step : 0);
  else if (choice && shown.length) { decide(shown[current], choice); go(1); }
  else return;
  event.preventDefault();
});
draw();
