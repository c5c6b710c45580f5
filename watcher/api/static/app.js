/* Imbalance watcher: theme, charts, block slider. Pages are complete without it.
   A chart reads its numbers from its own table (figure[data-plot] > details table): one source for SVG, table and canvas. */
(() => {
  "use strict";
  const root = document.documentElement, MODES = ["auto", "light", "dark"], NN = "\u202f", MINUS = "\u2212";
  let mode = "auto";
  try { mode = localStorage.getItem("theme") || "auto"; } catch { /* private mode: follow the system */ }
  const apply = () => mode === "auto" ? root.removeAttribute("data-theme") : root.setAttribute("data-theme", mode);
  apply();                                   // before first paint: this file is loaded without defer
  root.classList.add("js");

  /* formats: the same rules as watcher/report/formats.py; a test compares both */
  const group = s => s.replace(/\B(?=(\d{3})+(?!\d))/g, NN);
  const known = x => x !== null && x !== undefined && Number.isFinite(x);
  const fixed = (x, d) => {
    const a = Math.abs(x), text = a >= 1e21 ? BigInt(a) + (d ? "." + "0".repeat(d) : "") : a.toFixed(d), [i, f] = text.split("."), s = group(i) + (f ? "." + f : "");
    return x < 0 && /[1-9]/.test(s) ? MINUS + s : s;
  };
  const general = (x, digits) => {           // Python's %g
    const [m, e] = x.toExponential(digits - 1).split("e"), n = +e, trim = s => s.includes(".") ? s.replace(/\.?0+$/, "") : s;
    return n < -4 || n >= digits ? trim(m) + "e" + (n < 0 ? "-" : "+") + String(Math.abs(n)).padStart(2, "0") : trim(x.toPrecision(digits));
  };
  const SCALES = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"], [1, ""]];
  const money = sign => x => {
    if (x === null || x === undefined || Number.isNaN(x)) return "n/a";
    const a = Math.abs(x), out = s => (x < 0 && /[1-9∞]/.test(s) ? MINUS : "") + sign + s;
    if (a >= 1e15) return out(Number.isFinite(a) ? a.toExponential(2) : "∞");
    const [scale, suffix] = SCALES.find(([s]) => a >= s * .9995) || [1, ""], v = a / scale;
    const shown = fixed(v, v >= 99.95 || (!suffix && v === Math.trunc(v)) ? 0 : v >= 9.995 ? 1 : 2);
    if (a && !suffix && !/[1-9]/.test(shown)) return out(general(a, 2));
    return out(shown + (suffix ? NN + suffix : ""));
  };
  const axis = f => x => { const [h, ...rest] = f(x).split(NN); return [h.includes(".") ? h.replace(/0+$/, "").replace(/\.$/, "") : h, ...rest].join(NN); };
  const percent = d => x => {
    if (!known(x)) return "n/a";
    const a = Math.abs(x) * 100, step = 10 ** -d;
    return x && a < .5 * step ? (x > 0 ? "<" : ">" + NN + MINUS) + fixed(step, d) + "%" : (x < 0 ? MINUS : "") + fixed(a, d) + "%";
  };
  const number = d => x => known(x) ? fixed(x, d) : "n/a";
  const FORMATS = {
    money: money("$"), axis_money: axis(money("$")), amount: money(""), axis_amount: axis(money("")),
    exact_money: x => known(x) ? (x < 0 && /[1-9]/.test(fixed(Math.abs(x), 2)) ? MINUS : "") + "$" + fixed(Math.abs(x), 2) : "n/a",
    percent: percent(2), percent0: percent(0), percent1: percent(1),
    price: number(5), price2: number(2), price3: number(3), number: number(2), number0: number(0), number6: number(6),
  };
  const write = (name, x) => FORMATS[name](x);
  const INCRS = []; for (let k = -9; k < 15; k++) INCRS.push(10 ** k, 2 * 10 ** k, 5 * 10 ** k);
  const MONTH = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const day = t => { const d = new Date(t * 1e3); return d.getUTCDate() + " " + MONTH[d.getUTCMonth()]; };
  const clock = (t, span) => t % 86400 === 0 && span > 43200 ? day(t) : new Date(t * 1e3).toISOString().slice(11, t % 60 ? 19 : 16);
  const when = (t, span) => span > 6 * 86400 ? day(t) : clock(t, span);
  const stamp = t => new Date(t * 1e3).toISOString().slice(0, 19).replace("T", " ");

  /* charts */
  const css = n => getComputedStyle(root).getPropertyValue(n).trim();
  const DASH = { s1: [], s2: [7, 3], s3: [2, 3], s4: [8, 3, 2, 3], s0: [4, 4] };
  const alpha = (hex, a) => hex + Math.round(a * 255).toString(16).padStart(2, "0");
  const live = [];

  function read(fig) {                       // the table is the data
    const heads = [...fig.querySelectorAll("thead th[data-cls]")].map(h => ({ label: h.textContent, cls: h.dataset.cls }));
    const rows = [...fig.querySelectorAll("tbody tr")].map(r => [...r.cells].map(c => c.dataset.v === "" ? null : +(c.dataset.v ?? c.dataset.x ?? c.firstElementChild.dataset.x)));
    return { heads, data: rows.length ? rows[0].map((_, k) => rows.map(r => r[k])) : [] };
  }

  function forget(fig) {
    live.filter(l => l.fig === fig).forEach(l => l.u.destroy());
    live.splice(0, live.length, ...live.filter(l => l.fig !== fig && l.fig.isConnected));
  }

  function mount(fig) {
    const spec = JSON.parse(fig.dataset.plot), { heads, data } = read(fig), box = fig.querySelector(".plot");
    box.tabIndex = 0; box.setAttribute("role", "group");   // on a phone what is not drawn anew scrolls
    box.setAttribute("aria-label", fig.querySelector("h3").textContent);
    if (data.length < 2 || data[0].length < 2 || typeof uPlot === "undefined") return;
    if (!data.slice(1).some(c => c.some(v => v !== null))) return;
    forget(fig);
    let key = fig.querySelector(".key");
    if (!key) { key = document.createElement("p"); key.className = "key"; box.after(key); }
    const say = i => {
      const last = data[0].findLastIndex((_, n) => data.slice(1).some(c => c[n] !== null)), k = i ?? last, x = data[0][k];
      key.textContent = "";
      const head = document.createElement("span");
      head.textContent = spec.x === "time" ? stamp(x) : write(spec.xfmt, x);
      key.append(head);
      heads.forEach((h, n) => { const s = document.createElement("span"), b = document.createElement("b"); b.textContent = write(spec.fmt, data[n + 1][k]); b.className = h.cls; s.append(h.label + " ", b); key.append(s); });
    };
    const narrow = box.clientWidth < 420, short = s => { const most = narrow ? 12 : 22; return s.length > most ? s.slice(0, most - 1) + "…" : s; };
    heads.forEach(h => { h.end = short(h.label); });
    const ink3 = css("--ink-3"), rule = css("--rule"), font = "12px " + css("--font"), pad = Math.max(...heads.map(h => h.end.length)) * 7.6 + 18;
    const spanX = data[0].at(-1) - data[0][0], stack = spec.kind === "stack";
    const powers = (u, i, lo, hi) => { const s = []; for (let k = Math.ceil(Math.log10(lo) - 1e-9); k <= Math.log10(hi) + 1e-9; k++) s.push(+("1e" + k)); return s.length ? s : [lo, hi]; };
    const axisX = show => ({ show, stroke: ink3, font, grid: { show: false }, ticks: { stroke: css("--rule-2"), size: 4, width: 1 }, size: 26, gap: 3, space: spec.x === "time" && spanX < 6 * 86400 ? 46 : 64,
      values: (u, s) => s.map(v => v === null ? null : spec.x === "time" ? when(v, spanX) : write(spec.xtick, v)), ...(spec.x === "lin" ? { incrs: INCRS } : spec.x === "log" ? { splits: powers, filter: (u, s) => s } : {}) });
    const axisY = space => ({ stroke: ink3, font, grid: { stroke: rule, width: 1 }, ticks: { show: false }, size: 64, gap: 6, space, ...(spec.ylog ? { splits: powers, filter: (u, s) => s } : { incrs: INCRS }), values: (u, s) => s.map(v => v === null ? null : write(spec.tick, v)) });
    const base = { pxAlign: 0, width: Math.max(240, box.clientWidth), padding: [8, pad, 0, 0], legend: { show: false }, select: { show: false }, tzDate: t => uPlot.tzDate(new Date(t * 1e3), "Etc/UTC"),
      cursor: { drag: { x: false, y: false }, points: { size: 6 }, y: false, sync: spec.x === "time" ? { key: "t" } : undefined }, hooks: { setCursor: [u => say(u.cursor.idx)] } };
    const opt = (h, more) => ({ ...base, height: h, ...more });
    const xs = { time: spec.x === "time", distr: spec.x === "log" ? 3 : 1, range: [data[0][0], data[0].at(-1)] };
    const label = (u, items) => {            // direct labels at the right edge, pushed apart
      const r = devicePixelRatio, c = u.ctx, gap = 14 * r;
      const lo = u.bbox.top + 6 * r, hi = u.bbox.top + u.bbox.height - 4 * r, inside = items.filter(i => i.x < u.bbox.left + u.bbox.width - 40 * r);
      items = items.filter(i => !inside.includes(i)).sort((a, b) => a.y - b.y);
      items.forEach((i, k) => { i.y = Math.min(Math.max(i.y, lo + k * gap), hi - (items.length - 1 - k) * gap); });
      for (let n = 0; n < 40; n++) for (let k = 1; k < items.length; k++) if (items[k].y - items[k - 1].y < gap) { const m = (items[k].y + items[k - 1].y) / 2; items[k - 1].y = m - gap / 2; items[k].y = m + gap / 2; }
      c.save(); c.font = `600 ${12 * r}px ${css("--font")}`; c.textAlign = "left"; c.textBaseline = "middle";
      [...items, ...inside].forEach(i => { c.fillStyle = css("--" + i.cls); c.fillText(i.end, (inside.includes(i) ? i.x : u.bbox.left + u.bbox.width) + 8 * r, i.y); });
      c.restore();
    };
    const under = u => {                     // stretches that were not read, and the dead band
      const c = u.ctx, b = u.bbox;
      c.save(); c.fillStyle = css("--bg-3");
      (spec.gaps || []).forEach(([from, to]) => { const l = Math.max(b.left, u.valToPos(from, "x", true)), r = Math.min(b.left + b.width, u.valToPos(to, "x", true)); if (r > l) c.fillRect(l, b.top, r - l, b.height); });
      if (spec.band) { const y1 = u.valToPos(spec.band[1], "y", true), y0 = u.valToPos(spec.band[0], "y", true); c.fillRect(b.left, y1, b.width, Math.max(2, y0 - y1)); }
      c.restore();
    };
    const marks = u => {
      const r = devicePixelRatio, c = u.ctx, b = u.bbox, inY = y => y >= b.top && y <= b.top + b.height;
      c.save(); c.strokeStyle = css("--ink"); c.fillStyle = css("--ink-2"); c.lineWidth = r; c.setLineDash([2 * r, 3 * r]); c.font = `${12 * r}px ${css("--font")}`; c.textAlign = "left"; c.textBaseline = "alphabetic";
      (spec.hlines || []).forEach(([v, t, below]) => { const y = Math.round(u.valToPos(v, "y", true)); if (!inY(y)) return; c.beginPath(); c.moveTo(b.left, y); c.lineTo(b.left + b.width, y); c.stroke(); c.fillText(t, b.left + 4 * r, y + (below ? 15 : -5) * r); });
      (spec.vlines || []).forEach(([v, t]) => { const x = Math.round(u.valToPos(v, "x", true)); c.beginPath(); c.moveTo(x, b.top); c.lineTo(x, b.top + b.height); c.stroke(); c.fillText(t, x + 6 * r, b.top + 12 * r); });
      c.restore();
    };
    box.classList.add("live");
    if (spec.kind === "bars") {              // small multiples, one scale
      const big = Math.max(...data.slice(1).flat().map(v => Math.abs(v || 0))) * 1.04 || 1, half = spanX / data[0].length / 2 || 1;
      heads.forEach((h, n) => {
        const last = n === heads.length - 1;
        const u = new uPlot(opt(last ? 102 : 76, { padding: [6, pad, last ? 0 : 6, 0], scales: { x: { ...xs, range: [data[0][0] - half, data[0].at(-1) + half] }, y: { range: [-big, big] } },
          axes: [axisX(last), { ...axisY(12), splits: () => { const t = 10 ** Math.floor(Math.log10(big)), s = big / t >= 5 ? 5 * t : big / t >= 2 ? 2 * t : t; return [-s, 0, s]; } }],
          series: [{}, { fill: css("--" + h.cls), stroke: css("--" + h.cls), width: 0, paths: uPlot.paths.bars({ size: [.62, 14] }), points: { show: false } }],
          hooks: { setCursor: [u => say(u.cursor.idx)], draw: [u => label(u, [{ x: Infinity, y: u.valToPos(0, "y", true), end: h.end, cls: h.cls }])] } }), [data[0], data[n + 1]], box);
        live.push({ fig, u });
      });
    } else {
      const cols = data.slice(1), whole = data[0].map((_, k) => cols.every(c => c[k] !== null));
      const cum = stack ? cols.reduce((a, c, n) => (a.push(c.map((v, k) => whole[k] ? v + (n ? a[n - 1][k] : 0) : null)), a), []) : cols;
      const order = stack ? [...cum].reverse() : cum, hs = stack ? [...heads].reverse() : heads;
      const [low, high] = spec.ylim || [null, null];
      const range = stack ? [0, 1] : (u, lo, hi) => { const p = (hi - lo) * .06 || Math.abs(hi) * .06 || 1; return spec.ylog ? [lo, hi > lo ? hi : lo * 10] : [low ?? (lo === 0 ? 0 : lo - p), high ?? hi + p]; };
      const refs = (spec.hlines || []).map(l => l[0]);
      const u = new uPlot(opt(narrow ? 220 : 246, { scales: { x: xs, y: { distr: spec.ylog ? 3 : 1, range: stack ? range : (u, lo, hi) => range(u, Math.min(lo ?? Infinity, ...refs), Math.max(hi ?? -Infinity, ...refs)) } }, axes: [axisX(true), axisY(34)],
        series: [{}, ...hs.map(h => ({ stroke: css("--" + h.cls), width: 1.75, dash: stack ? [] : DASH[h.cls], fill: stack ? alpha(css("--" + h.cls), parseFloat(css("--fill")) / 100) : undefined, points: { show: false }, spanGaps: false }))],
        bands: stack ? hs.slice(1).map((_, n) => ({ series: [n + 1, n + 2] })) : [],
        hooks: { ...base.hooks, drawClear: [under],
          draw: [u => { marks(u); const { min: lo, max: hi } = u.scales.y; label(u, heads.flatMap((h, n) => { const c = cum[n], k = c.findLastIndex(v => v !== null); if (k < 0) return []; const v = stack ? c[k] - cols[n][k] / 2 : c[k]; return [{ x: u.valToPos(data[0][k], "x", true), y: u.valToPos(Math.max(lo, Math.min(hi, v)), "y", true), end: h.end, cls: h.cls }]; })); }] } }), [data[0], ...order], box);
      live.push({ fig, u });
    }
    say(null);
    box.setAttribute("aria-label", fig.querySelector("h3").textContent + ": left and right arrows read the values");
    if (!box.dataset.keys) {                 // arrows walk the points, the key says the values
      box.dataset.keys = "1";
      let i = null;
      box.addEventListener("keydown", e => {
        const mine = live.filter(l => l.fig === fig).map(l => l.u), n = mine[0]?.data[0].length;
        const d = { ArrowLeft: -1, ArrowRight: 1, PageUp: -7, PageDown: 7 }[e.key];
        if (!n || !(d || e.key === "Home" || e.key === "End" || e.key === "Escape")) return;
        e.preventDefault();
        if (e.key === "Escape") { i = null; mine.forEach(u => u.setCursor({ left: -10, top: -10 }, true, true)); return; }
        i = e.key === "Home" ? 0 : e.key === "End" ? n - 1 : Math.max(0, Math.min(n - 1, (i ?? n) + d));
        mine.forEach(u => u.setCursor({ left: u.valToPos(u.data[0][i], "x"), top: 1 }, true, true));
        key.setAttribute("aria-live", "polite");
      });
    }
  }
  const mountAll = () => document.querySelectorAll("figure[data-plot]").forEach(mount);

  /* the slider over all stored blocks: the server renders each, htmx swaps <main> */
  let shown = "";                            // what a step back would leave
  async function slider(form) {
    let reach;
    try { const got = await fetch(form.dataset.known); if (!got.ok) return; reach = await got.json(); } catch { return; }
    if (!form.isConnected || reach.last <= reach.first || form.querySelector("[type=range]")) return;
    const field = form.elements.block, range = document.createElement("input"), acts = form.querySelector(".acts");
    Object.assign(range, { type: "range", min: reach.first, max: reach.last, step: 1, value: field.value, className: "range" });
    range.setAttribute("aria-label", "Block, from the first to the last that is stored");
    field.min = reach.first; field.max = reach.last;
    const go = () => { if (typeof htmx === "undefined") { form.requestSubmit(); return; } const q = new URLSearchParams(new FormData(form)); q.set("block", range.value); const url = form.getAttribute("action") + "?" + q; htmx.ajax("GET", url, { target: "#main", select: "#main", swap: "outerHTML" }).then(() => { history.pushState(null, "", url); shown = url; }); };
    range.addEventListener("input", () => { field.value = range.value; });
    range.addEventListener("change", go);
    field.addEventListener("input", () => { range.value = field.value; });
    const step = (name, by) => { const b = document.createElement("button"); b.type = "button"; b.textContent = name; b.disabled = by < 0 ? +field.value <= reach.first : +field.value >= reach.last; b.addEventListener("click", () => { range.value = field.value = +field.value + by; go(); }); acts.prepend(b); };
    step("Later", 1); step("Earlier", -1);
    acts.before(range);
  }
  function start() { shown = location.pathname + location.search; mountAll(); const form = document.querySelector("[data-known]"); if (form) slider(form); }

  document.addEventListener("DOMContentLoaded", () => {
    const b = document.querySelector("[data-theme-toggle]");
    const name = () => { b.textContent = "Theme: " + mode; b.setAttribute("aria-label", `Theme: ${mode}. Change`); };
    b.hidden = false; name();
    b.addEventListener("click", () => { mode = MODES[(MODES.indexOf(mode) + 1) % 3]; try { localStorage.setItem("theme", mode); } catch { /* not kept */ } apply(); name(); mountAll(); });
    start();
    document.addEventListener("htmx:after:swap", () => { live.slice().forEach(l => { if (!l.fig.isConnected) l.u.destroy(); }); live.splice(0, live.length, ...live.filter(l => l.fig.isConnected)); start(); });
    addEventListener("popstate", () => { if (location.pathname + location.search !== shown) location.reload(); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", mountAll);
    let w = innerWidth, wait; addEventListener("resize", () => { if (innerWidth !== w) { w = innerWidth; clearTimeout(wait); wait = setTimeout(mountAll, 120); } });
  });
  window.watcherFormats = FORMATS;           // for the test that compares them with Python's
})();
