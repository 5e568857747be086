"use strict";
(() => {
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const first = (query, within = document) => within.querySelector(query);

  const keyOf = (row, column) => {
    const cell = row.cells[column];
    const text = (cell.dataset.exact || cell.textContent).trim();
    const value = parseFloat(text.replace(/,/g, ""));
    return Number.isNaN(value) ? text : value;
  };

  const compare = (a, b) => {
    const empty = (key) => key === "" || key === "–";
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b));
  };

  const sortTable = (table, column, head) => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    all("th[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    for (const body of table.tBodies) {
      all("tr.exact", body).forEach((row) => row.remove());
      [...body.rows]
        .filter((row) => !row.classList.contains("attribute"))
        .map((row) => [keyOf(row, column), row])
        .sort(([a], [b]) => (up ? compare(a, b) : compare(b, a)))
        .forEach(([, row]) => body.append(row));
    }
  };

  all("table.sorts").forEach((table) => {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sortTable(table, column, head));
    });
  });

  // A row that is picked tells its numbers to the last digit.
  const tellRow = (row) => {
    const next = row.nextElementSibling;
    if (next && next.classList.contains("exact")) {
      next.remove();
      return;
    }
    const heads = [...row.closest("table").tHead.rows[0].cells];
    const told = [...row.cells]
      .map((cell, at) => [heads[at].textContent, cell.dataset.exact])
      .filter(([, value]) => value)
      .map(([name, value]) => `${name} ${value}`);
    const line = document.createElement("tr");
    const cell = document.createElement("td");
    line.className = "exact";
    cell.colSpan = heads.length;
    cell.textContent = [row.dataset.said, told.join(" · ")].filter(Boolean).join(" — ");
    line.append(cell);
    row.after(line);
  };

  all("table.tells tr[data-place]").forEach((row) => {
    row.addEventListener("click", () => {
      if (String(getSelection()) === "") tellRow(row);
    });
    const name = first("bdi", row.cells[0]);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "row";
    name.replaceWith(button);
    button.append(name);
  });

  // Each mark of a picture tells its numbers below it, by pointer or by keyboard.
  all("figure").forEach((figure) => {
    const told = first(".told", figure);
    const picture = first("svg", figure);
    if (!told || !picture) return;
    picture.setAttribute("role", "group");
    all(".mark", picture).forEach((mark) => {
      const title = first("title", mark);
      if (!title) return;
      const say = () => { told.textContent = title.textContent; };
      mark.setAttribute("tabindex", "0");
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", title.textContent);
      mark.addEventListener("pointerenter", say);
      mark.addEventListener("focus", say);
      mark.addEventListener("click", say);
    });
  });

  const controls = first(".controls");
  if (controls) {
    const select = first(".attribute-filter");
    const toggle = first(".crossed-toggle");
    const parts = all("main [data-attribute]");
    new Set(parts.map((part) => part.dataset.attribute)).forEach((name) => {
      const option = document.createElement("option");
      option.value = name;
      option.textContent = name;
      select.append(option);
    });
    const show = () => {
      parts.forEach((part) => {
        part.hidden = select.value !== "" && part.dataset.attribute !== select.value;
      });
      all("[data-crossed]").forEach((part) => {
        part.hidden = part.hidden && part.dataset.attribute ? true : !toggle.checked;
      });
    };
    select.addEventListener("change", show);
    toggle.addEventListener("change", show);
    toggle.closest("label").hidden = all("[data-crossed] table").length === 0;
    controls.hidden = false;
    show();
  }
})();
