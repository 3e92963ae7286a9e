"use strict";
(() => {
  const root = document.documentElement;
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const byId = (id) => document.getElementById(id);
  byId("controls").hidden = false;

  // The theme is the theme of the system until the user chooses one. It is stored if the browser allows that to a file.
  const system = matchMedia("(prefers-color-scheme: dark)");
  const remembered = (value) => {
    try {
      if (value) localStorage.setItem("jnl-theme", value);
      return localStorage.getItem("jnl-theme");
    } catch {
      return null;
    }
  };
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const showTheme = () => byId("theme").setAttribute("aria-pressed", isDark());
  if (["light", "dark"].includes(remembered())) root.dataset.theme = remembered();
  byId("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remembered(root.dataset.theme);
    showTheme();
  });
  system.addEventListener("change", showTheme);
  showTheme();

  // A hidden method disappears from figures and tables. The filter hides methods by a part of their names.
  const hidden = new Set();
  const entries = all(".legend button").map((button) => ({ button, series: button.dataset.series.split(" ") }));
  const names = new Map();
  for (const { button, series } of entries) {
    for (const one of series) names.set(one, button.textContent.trim().toLowerCase());
  }
  let part = "";
  const off = (series) => hidden.has(series) || !(names.get(series) ?? "").includes(part);
  const show = () => {
    const setup = byId("setup")?.value;
    for (const element of all("[data-setup]")) {
      element.classList.toggle("off", Boolean(setup) && element.dataset.setup !== setup);
    }
    part = (byId("filter")?.value ?? "").trim().toLowerCase();
    const methods = ".series, tr[data-series], th[data-series], td[data-series]";
    for (const element of all(methods)) element.classList.toggle("off", off(element.dataset.series));
    for (const { button, series } of entries) {
      button.setAttribute("aria-pressed", !hidden.has(series[0]));
      button.parentElement.classList.toggle("off", !names.get(series[0]).includes(part));
    }
    const methodsThere = all("section:not(.off) [data-series]");
    byId("none").hidden = !methodsThere.length || methodsThere.some((element) => !element.classList.contains("off"));
  };
  for (const { button, series } of entries) {
    button.disabled = false;
    button.addEventListener("click", () => {
      const hide = !hidden.has(series[0]);
      for (const one of series) hide ? hidden.add(one) : hidden.delete(one);
      show();
    });
  }
  byId("filter")?.addEventListener("input", show);
  byId("setup")?.addEventListener("change", show);
  byId("all")?.addEventListener("click", () => {
    hidden.clear();
    for (const field of [byId("filter"), byId("setup")]) if (field) field.value = "";
    show();
  });
  addEventListener("pageshow", show); // a browser may have restored the values
  // A link to the table of other data shows these data.
  for (const link of all("nav a")) {
    link.addEventListener("click", () => {
      const section = byId(link.hash.slice(1)).closest("section.off");
      if (!section) return;
      byId("setup").value = section.dataset.setup;
      show();
    });
  }

  // Values under the pointer. Each kind of figure gives lines of text for a place in it (shares from the lower left).
  // A figure with epochs or classes also gives the place of the cursor.
  const known = JSON.parse(byId("hover").textContent);
  const tip = byId("tip");
  const within = ([left, bottom, width, height], x, y) => [(x - left) / width, (y - bottom) / height];
  const kinds = {
    columns({ box, limits: [low, high], series, names }, x, y) {
      const at = Math.round(low + within(box, x, y)[0] * (high - low));
      const lines = series
        .filter((one) => !off(String(one.series)))
        .map((one) => [one.label, ...(one.values[at - one.first] ?? [null, null])])
        .filter(([, mean]) => mean !== null)
        .sort((one, other) => other[1] - one[1])
        .map(([label, mean, std]) => `${mean.toFixed(2)}${std === null ? "" : ` ± ${std.toFixed(2)}`}  ${label}`);
      return { lines: lines.length ? [names[at] ?? `epoch ${at}`, ...lines] : [], cursor: (at - low) / (high - low) };
    },
    points({ points }, x, y) {
      const distance = (point) => Math.hypot(point.x - x, point.y - y);
      const near = points.filter((point) => !off(String(point.series)) && distance(point) < 0.15);
      return { lines: near.sort((one, other) => distance(one) - distance(other)).slice(0, 1).map((one) => one.text) };
    },
    cells({ box, names, values }, x, y) {
      const [column, up] = within(box, x, y).map((share) => Math.floor(share * names.length));
      const row = names.length - 1 - up;
      const value = values[row]?.[column] ?? null;
      return { lines: value === null ? [] : [`true class ${names[row]}`, `label ${names[column]}: ${value.toFixed(3)}`] };
    },
  };
  for (const [name, figure] of Object.entries(known)) {
    const place = byId(name);
    const bar = document.createElement("span");
    bar.className = "cursor";
    bar.hidden = true;
    place.append(bar);
    const leave = () => {
      tip.hidden = true;
      bar.hidden = true;
    };
    place.addEventListener("pointermove", (event) => {
      const area = place.getBoundingClientRect();
      const x = (event.clientX - area.left) / area.width;
      const { lines, cursor } = kinds[figure.kind](figure, x, 1 - (event.clientY - area.top) / area.height);
      if (!lines.length) return leave();
      tip.textContent = lines.join("\n");
      tip.hidden = false;
      tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 4))}px`;
      tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 4))}px`;
      bar.hidden = cursor === undefined;
      if (bar.hidden) return;
      const [left, bottom, width, height] = figure.box;
      bar.style.left = `${(left + width * cursor) * 100}%`;
      bar.style.top = `${(1 - bottom - height) * 100}%`;
      bar.style.height = `${height * 100}%`;
    });
    place.addEventListener("pointerleave", leave);
  }
})();
