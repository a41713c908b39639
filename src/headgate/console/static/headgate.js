// Live pages, charts and keys. Every page works without this file: it only saves reloading.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // --- live: one notice, at most one request ------------------------------------------------
  let pending = 0;
  const typing = () => {
    const active = document.activeElement;
    return active && /^(INPUT|TEXTAREA|SELECT)$/.test(active.tagName) && active.closest("main");
  };
  const refresh = () => {
    if (pending || typing() || $("main [data-hold][open]")) return;
    pending = setTimeout(async () => {
      try {
        const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
        if (answer.redirected && new URL(answer.url).pathname === "/login") { location.reload(); return; }
        if (!answer.ok) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const open = all("main details[id][open]").map((d) => d.id);
        for (const part of ["#hg-live", "#hg-places", "#hg-facts"]) {
          const fresh = $(part, page), old = $(part);
          if (!fresh || !old) continue;
          // a chart that is drawn stays; only its lines are read anew
          for (const box of all("[data-chart]", old)) {
            const place = page.getElementById(box.id);
            if (place && drawn.has(box.id)) place.replaceWith(page.importNode(box, true));
          }
          if (fresh.innerHTML !== old.innerHTML) htmx.swap({ target: old, text: fresh.innerHTML, swap: "innerMorph" });
        }
        for (const id of open) { const d = document.getElementById(id); if (d) d.open = true; }
        charts();
      } finally { pending = 0; }
    }, 150);
  };
  const follow = () => {
    const live = document.body.dataset.live;
    if (!live || !window.EventSource) return;
    const source = new EventSource("/live");
    const cluster = document.body.dataset.cluster;
    const ref = document.body.dataset.ref;
    const heard = (event) => {
      const notice = JSON.parse(event.data);
      if (cluster && notice.cluster && notice.cluster !== cluster) return;
      if (ref && notice.ref && notice.ref !== ref && notice.kind === document.body.dataset.refKind) return;
      if (notice.kind === "sweep" && live !== "sweep") { return; }
      refresh();
    };
    source.addEventListener("notice", heard);
    source.addEventListener("open", () => document.body.classList.remove("hg-offline"));
    source.addEventListener("error", () => document.body.classList.add("hg-offline"));
  };

  // --- charts --------------------------------------------------------------------------------
  const drawn = new Map();
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const compact = (value) => value == null ? "not known" : Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const PALETTE = ["--hg-accent", "--hg-muted", "--hg-warning", "--hg-verified", "--hg-critical", "--hg-line-strong"];
  const marksPlugin = (marks) => ({
    hooks: {
      draw: (u) => {
        const { ctx, bbox } = u;
        ctx.save();
        for (const mark of marks) {
          const x = u.valToPos(mark.at, "x", true);
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          ctx.strokeStyle = colour(mark.kind === "incident" ? "--hg-critical" : "--hg-accent");
          ctx.setLineDash([4, 4]);
          ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
        }
        ctx.restore();
      },
    },
  });
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
    const axis = { stroke: colour("--hg-muted"), grid: { stroke: colour("--hg-line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    const chart = new uPlot({
      width: box.clientWidth, height: 220, plugins: [marksPlugin(data.marks)],
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (u, low, high) => [Math.min(0, low || 0), Math.max(1, (high || 0) * 1.08)] } },
      axes: [{ ...axis, space: 72, values: (u, ticks) => ticks.map((t) => clock.format(t * 1000)) }, { ...axis, size: 56, values: (u, ticks) => ticks.map(compact) }],
      series: [{ label: "at", value: (u, t) => (t == null ? "" : clock.format(t * 1000)) }, ...series.map((line, place) => ({
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
  const rows = () => all("main [data-row]");
  const select = (step) => {
    const list = rows();
    if (!list.length) return;
    const now = list.findIndex((row) => row.getAttribute("aria-selected") === "true");
    const next = Math.max(0, Math.min(list.length - 1, now + step));
    list.forEach((row, place) => row.setAttribute("aria-selected", String(place === next)));
    list[next].scrollIntoView({ block: "nearest" });
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
      const place = { h: "/", i: "/incidents", c: "/changes", k: "/clusters", a: "/audit" }[event.key];
      if (place) location.href = place;
      return;
    }
    if (event.key === "g") { went = true; setTimeout(() => { went = false; }, 1000); }
    else if (event.key === "j") select(1);
    else if (event.key === "k") select(-1);
    else if (event.key === "Enter") { const row = $("main [data-row][aria-selected=true] a"); if (row) row.click(); }
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
      drawn.forEach((chart) => chart.destroy()); drawn.clear(); charts();
    }
  });
  addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button && event.target.method === "post") setTimeout(() => { button.disabled = true; }, 0);
  });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`headgate_zone=${encodeURIComponent(zone)}`)) {
    document.cookie = `headgate_zone=${encodeURIComponent(zone)};path=/;max-age=31536000;samesite=lax`;
  }
  addEventListener("DOMContentLoaded", () => { charts(); follow(); });
})();
