// Live pages, charts and keys. Every page works without this file: it only saves reloading.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // --- live: one notice, at most one request ------------------------------------------------
  let stale = false, busy = false;
  const key = (row) => row.id || $("a", row)?.getAttribute("href");
  // nothing moves under somebody's hands: while they type, confirm, or mark text
  const held = () => {
    const active = document.activeElement, marked = getSelection();
    return document.hidden || $("main [data-hold][open]")
      || (active && /^(INPUT|TEXTAREA|SELECT)$/.test(active.tagName) && active.closest("main"))
      || (!marked.isCollapsed && $("main").contains(marked.anchorNode));
  };
  // what the reader did to the page is done to the new one before it takes the place
  const carry = (old, fresh) => {
    for (const fold of all("details[id]", old)) {
      const twin = fresh.ownerDocument.getElementById(fold.id);
      if (twin) twin.open = fold.open;
    }
    for (const field of all("input[name]:not([type=hidden]), textarea[name]", old)) {
      const twin = $(field.id ? `#${CSS.escape(field.id)}` : `[name="${CSS.escape(field.name)}"]:not([type=hidden])`, fresh);
      if (!twin || field.value === field.defaultValue) continue;
      if (twin.tagName === "TEXTAREA") twin.textContent = field.value; else twin.setAttribute("value", field.value);
    }
    const known = new Set(all("[data-row]", old).map(key));
    if (known.size) for (const row of all("[data-row]", fresh)) if (!known.has(key(row))) row.classList.add("hg-fresh");
  };
  // a drawn chart is taken out while the page changes around it, and put back as it was
  const lift = (old, fresh) => all("[data-chart]", old).filter((box) => drawn.has(box.id)).map((box) => {
    const hole = box.cloneNode(false);
    fresh.ownerDocument.getElementById(box.id)?.replaceChildren();
    box.replaceWith(hole);
    return box;
  });
  // a table may be sorted anew: the chosen row is the one of the same name, wherever it stands now
  const order = (part) => all("[data-row]", part).map(key).join(" ");
  const place = (row) => row.getBoundingClientRect().top + scrollY; // on the page, wherever its reader has scrolled to
  const followRow = (chosen, stood) => {
    const now = document.activeElement?.closest("main [data-row]");
    if (!chosen || (now && key(now) === chosen)) return;
    const again = rows().find((one) => key(one) === chosen);
    if (!again) { document.activeElement.blur(); return; }
    $("a", again).focus({ preventScroll: true });
    const moved = place(again) - stood; // it stays under the reader's eye
    if (Math.abs(moved) > innerHeight / 2) scrollBy({ top: moved, behavior: "instant" });
  };
  const read = async () => {
    const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
    if (answer.redirected && new URL(answer.url).pathname === "/login") { location.reload(); return; }
    if (!answer.ok) return;
    const text = await answer.text();
    if (held()) { stale = true; return; } // asked last: the hand may have come while it was read
    const page = new DOMParser().parseFromString(text, "text/html");
    const row = document.activeElement?.closest("main [data-row]");
    const chosen = row && key(row), stood = row && place(row);
    for (const part of ["#hg-live", "#hg-places", "#hg-facts"]) {
      const fresh = $(part, page), old = $(part);
      if (!fresh || !old) continue;
      carry(old, fresh);
      const kept = lift(old, fresh);
      // a focused link that is moved would be scrolled to, wherever its reader looks by now
      if (row && old.contains(row) && order(old) !== order(fresh)) document.activeElement.blur();
      if (fresh.innerHTML !== old.innerHTML) await htmx.swap({ target: old, text: fresh.innerHTML, swap: "innerMorph" });
      for (const box of kept) document.getElementById(box.id)?.replaceWith(box);
    }
    document.title = page.title;
    followRow(chosen, stood);
    charts();
  };
  const refresh = async () => {
    stale = true;
    if (busy || held()) return;
    busy = true;
    try {
      await new Promise((done) => setTimeout(done, 100)); // notices that come together are one
      stale = false;
      await read();
    } catch { stale = true; } finally { busy = false; }
  };
  setInterval(() => { if (stale) refresh(); }, 1000);
  document.addEventListener("visibilitychange", () => { if (stale) refresh(); });
  const follow = () => {
    const { live, cluster, ref, refKind } = document.body.dataset;
    if (!live || !window.EventSource) return;
    const source = new EventSource("/live");
    source.addEventListener("notice", (event) => {
      const notice = JSON.parse(event.data);
      if (cluster && notice.cluster && notice.cluster !== cluster) return;
      if (ref && notice.ref && notice.ref !== ref && notice.kind === refKind) return;
      if (notice.kind === "sweep" && live !== "sweep") return;
      refresh();
    });
    // what came to pass while nobody listened is read once
    source.addEventListener("open", () => { document.body.classList.remove("hg-offline"); refresh(); });
    source.addEventListener("error", () => document.body.classList.add("hg-offline"));
  };

  // --- charts --------------------------------------------------------------------------------
  const drawn = new Map();
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const compact = (value) => value == null ? "not known" : Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const PALETTE = ["--hg-accent", "--hg-muted", "--hg-warning", "--hg-verified", "--hg-critical", "--hg-line-strong"];
  const marksPlugin = (marks) => ({
    hooks: {
      draw: (u) => {
        const { ctx, bbox } = u;
        let last = -Infinity, row = 0;
        ctx.save();
        for (const mark of marks) {
          const x = u.valToPos(mark.at, "x", true);
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          ctx.strokeStyle = colour(mark.kind === "incident" ? "--hg-critical" : "--hg-accent");
          ctx.setLineDash([4, 4]);
          ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
          const low = x - last < 64 * devicePixelRatio ? row += 1 : row = 0; // beside each other, not over
          ctx.fillStyle = ctx.strokeStyle;
          ctx.font = `${11 * devicePixelRatio}px system-ui`;
          const end = x + 60 * devicePixelRatio > bbox.left + bbox.width;
          ctx.textAlign = end ? "right" : "left";
          ctx.fillText(mark.kind, x + (end ? -4 : 4) * devicePixelRatio, bbox.top + (12 + 13 * low) * devicePixelRatio);
          last = x;
        }
        ctx.restore();
      },
    },
  });
  // with no pointer on it, the legend tells the newest values
  const rest = (u) => { if (u.cursor.idx == null && u.data[0].length) u.setLegend({ idx: u.data[0].length - 1 }, false); };
  const restPlugin = { hooks: { ready: rest, setData: rest, setCursor: rest } };
  const draw = (box, data) => {
    const old = drawn.get(box.id);
    const series = data.lines.filter((line) => line.times.length > 1);
    if (!series.length) {
      if (old) { old.destroy(); drawn.delete(box.id); }
      box.replaceChildren(Object.assign(document.createElement("div"), { className: "hg-chart-empty", textContent: "Two looks are needed before a line can be drawn." }));
      return;
    }
    const times = series[0].times;
    const values = [times, ...series.map((line) => line.values)];
    if (old && old.series.length === values.length && box.contains(old.root)) { old.setData(values); return; }
    if (old) old.destroy();
    box.replaceChildren();
    const long = times[times.length - 1] - times[0] > 64800; // from 18 hours on, the day must be told
    const axis = { stroke: colour("--hg-muted"), grid: { stroke: colour("--hg-line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    const chart = new uPlot({
      width: box.clientWidth, height: 220, plugins: [marksPlugin(data.marks), restPlugin],
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (u, low, high) => [Math.min(0, low || 0), Math.max(1, (high || 0) * 1.08)] } },
      axes: [{ ...axis, space: 72, values: (u, ticks) => ticks.map((t) => (long ? day : clock).format(t * 1000)) }, { ...axis, size: 56, values: (u, ticks) => ticks.map(compact) }],
      series: [{ label: "at", value: (u, t) => (t == null ? "" : (long ? day : clock).format(t * 1000)) }, ...series.map((line, place) => ({
        label: line.name, stroke: colour(PALETTE[place % PALETTE.length]), width: place ? 1.25 : 2, spanGaps: false,
        points: { show: false }, value: (u, v) => (v == null ? "" : compact(v) + " " + line.unit),
      }))],
    }, values, box);
    drawn.set(box.id, chart);
  };
  const charts = () => {
    for (const box of all("[data-chart]")) {
      fetch(box.dataset.chart, { headers: { Accept: "application/json" } })
        .then((answer) => (answer.ok ? answer.json() : null))
        .then((data) => { if (data && document.contains(box)) draw(box, data); })
        .catch(() => {});
    }
  };
  addEventListener("resize", () => drawn.forEach((chart, id) => {
    const box = document.getElementById(id);
    if (box) chart.setSize({ width: box.clientWidth, height: 220 });
  }));

  // --- keys: / or Ctrl-K search, j k Enter rows, g then i c n places, ? help -------------------
  let went = false;
  const rows = () => all("main [data-row]").filter((row) => $("a", row));
  const select = (step) => {
    const list = rows();
    if (!list.length) return;
    const now = list.findIndex((row) => row.contains(document.activeElement));
    const next = list[Math.max(0, Math.min(list.length - 1, now + step))];
    $("a", next).focus(); // a row is chosen by focus, so that Enter opens it as any link
    next.scrollIntoView({ block: "nearest" });
  };
  addEventListener("keydown", (event) => {
    const field = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if ((event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !field)) {
      event.preventDefault(); const box = $("#hg-search"); if (box) { box.focus(); box.select(); } return;
    }
    if (event.key === "Escape" && field) { event.target.blur(); return; }
    if (field || event.ctrlKey || event.metaKey || event.altKey) return;
    if (went) {
      went = false;
      const place = { h: "/", i: "/incidents", c: "/changes", k: "/clusters", a: "/audit", m: "/more" }[event.key];
      if (place) location.href = place;
      return;
    }
    if (event.key === "g") { went = true; setTimeout(() => { went = false; }, 1000); }
    else if (event.key === "j") select(1);
    else if (event.key === "k") select(-1);
    else if (event.key === "?") { const help = $("#hg-keys"); if (help) { if (help.open) help.close(); else help.showModal(); } }
  });

  // --- small comforts --------------------------------------------------------------------------
  addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) { navigator.clipboard.writeText(copy.dataset.copy).then(() => { copy.textContent = "Copied"; }); }
    const theme = event.target.closest("[data-set-theme]");
    if (theme) {
      const dark = getComputedStyle(document.documentElement).colorScheme.includes("dark");
      const wanted = dark ? "light" : "dark";
      document.documentElement.dataset.theme = wanted;
      document.cookie = `headgate_theme=${wanted};path=/;max-age=31536000;samesite=lax`;
      redraw();
    }
  });
  const redraw = () => { drawn.forEach((chart) => chart.destroy()); drawn.clear(); charts(); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // on paper nothing is folded
  let folded = [];
  addEventListener("beforeprint", () => { folded = all("main details:not([open]):not([data-hold])"); for (const d of folded) d.open = true; });
  addEventListener("afterprint", () => { for (const d of folded) d.open = false; });
  addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button && event.target.method === "post") setTimeout(() => { button.disabled = true; }, 0);
  });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`headgate_zone=${encodeURIComponent(zone)}`)) {
    document.cookie = `headgate_zone=${encodeURIComponent(zone)};path=/;max-age=31536000;samesite=lax`;
  }
  addEventListener("DOMContentLoaded", () => {
    charts(); follow();
    const here = $(".hg-tabs [aria-current]"), bar = here?.parentElement; // on a phone it may be out of sight
    if (here && here.offsetLeft + here.offsetWidth > bar.clientWidth) bar.scrollLeft = here.offsetLeft - 16;
  });
})();
