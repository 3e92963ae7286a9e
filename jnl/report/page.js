"use strict";
(() => {
  const root = document.documentElement;
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const byId = (id) => document.getElementById(id);
  byId("controls").hidden = false;

  // The theme: the system's until it is chosen here; remembered where the browser lets a file remember.
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

  // Hidden strategies leave figures and tables alike; the filter does the same by a part of their names.
  const hidden = new Set();
  const buttons = all(".legend button");
  const names = new Map(buttons.map((button) => [button.dataset.series, button.textContent.trim().toLowerCase()]));
  let part = "";
  const off = (series) => hidden.has(series) || !(names.get(series) ?? "").includes(part);
  const show = () => {
    part = byId("filter").value.trim().toLowerCase();
    for (const element of all(".series, tr[data-series]")) element.classList.toggle("off", off(element.dataset.series));
    for (const button of buttons) {
      button.setAttribute("aria-pressed", !hidden.has(button.dataset.series));
      button.parentElement.classList.toggle("off", !names.get(button.dataset.series).includes(part));
    }
  };
  for (const button of buttons) {
    button.disabled = false;
    button.addEventListener("click", () => {
      const series = button.dataset.series;
      if (!hidden.delete(series)) hidden.add(series);
      show();
    });
  }
  byId("filter").addEventListener("input", show);
  byId("all").addEventListener("click", () => {
    hidden.clear();
    byId("filter").value = "";
    show();
  });
  byId("board").addEventListener("change", (event) => {
    for (const element of all("[data-board]")) {
      element.classList.toggle("off", Boolean(event.target.value) && element.dataset.board !== event.target.value);
    }
  });

  // Values under the pointer.
  const known = JSON.parse(byId("hover").textContent);
  const tip = byId("tip");
  const leave = (cursor) => {
    tip.hidden = true;
    cursor.hidden = true;
  };
  for (const [name, figure] of Object.entries(known)) {
    const place = byId(name).querySelector("div");
    const cursor = document.createElement("span");
    cursor.className = "cursor";
    cursor.hidden = true;
    place.append(cursor);
    const [left, bottom, width, height] = figure.box;
    const [low, high] = figure.limits;
    place.addEventListener("pointermove", (event) => {
      const area = place.getBoundingClientRect();
      const share = ((event.clientX - area.left) / area.width - left) / width;
      const epoch = Math.round(low + share * (high - low));
      const lines = figure.series
        .filter((one) => !off(String(one.series)))
        .map((one) => [one.label, ...(one.values[epoch - one.first] ?? [null, null])])
        .filter(([, mean]) => mean !== null)
        .sort((one, other) => other[1] - one[1])
        .map(([label, mean, std]) => `${mean.toFixed(2)} ± ${std.toFixed(2)}  ${label}`);
      if (!lines.length) return leave(cursor);
      tip.textContent = [`epoch ${epoch}`, ...lines].join("\n");
      tip.hidden = false;
      tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 4))}px`;
      tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 4))}px`;
      cursor.hidden = false;
      cursor.style.left = `${(left + (width * (epoch - low)) / (high - low)) * 100}%`;
      cursor.style.top = `${(1 - bottom - height) * 100}%`;
      cursor.style.height = `${height * 100}%`;
    });
    place.addEventListener("pointerleave", () => leave(cursor));
  }
})();
