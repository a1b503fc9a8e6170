/** The page's own style: no font, script or image from outside; readable on a phone, in the dark and on paper. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1c2024;--soft:#5c6670;--line:#d9dee3;--page:#fff;--card:#f6f8f9;--good:#1a7f4b;--bad:#b3261e;--open:#8a6100}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5af;--line:#343b42;--page:#14171a;--card:#1c2125;--good:#4cc38a;--bad:#ff8b82;--open:#e0b04a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.25rem 1rem 3rem;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.6rem;line-height:1.2;margin:.2rem 0}h2{font-size:1.25rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:2px solid var(--ink)}h3{font-size:1rem;margin:1.6rem 0 .4rem}
p{margin:.4rem 0}.note,.sub{color:var(--soft);font-size:.875rem}
.good{color:var(--good)}.bad{color:var(--bad)}.open{color:var(--open)}
.objectives{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.75rem;padding:0;margin:1rem 0;list-style:none}
.objectives li{background:var(--card);border-left:4px solid currentColor;padding:.7rem .9rem;overflow-wrap:anywhere}
.objectives li>*{color:var(--ink);display:block}.objectives .figure{font-size:1.7rem;font-weight:600;line-height:1.2}.objectives .state{color:inherit;font-weight:600}.objectives .sub{color:var(--soft)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.875rem}th,td{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line);overflow-wrap:break-word}th{white-space:nowrap;color:var(--soft);font-weight:600}.figure{font-variant-numeric:tabular-nums}td.figure,th.figure{text-align:right;white-space:nowrap}
code{font:.85em ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.timeline{width:100%;height:auto}.timeline line{stroke:var(--line)}.timeline circle{fill:currentColor}.timeline .open circle{fill:var(--page);stroke:currentColor;stroke-width:2}.timeline text{fill:var(--page);font-size:10px;font-weight:700;text-anchor:middle}.timeline .open text{fill:currentColor}.timeline .label{fill:var(--soft);font-size:12px;font-weight:400;text-anchor:start}.timeline .end{text-anchor:end}
.trend{list-style:none;padding:0;margin:.4rem 0;font-size:.875rem}.trend li{display:grid;grid-template-columns:9.5rem 1fr 4.5rem;gap:.6rem;align-items:center}.trend .bar{background:var(--card);height:.6rem}.trend .bar span{display:block;height:100%;min-width:2px;background:currentColor}.trend .figure{text-align:right}
details{margin:.6rem 0;border:1px solid var(--line);padding:.5rem .8rem}summary{cursor:pointer;font-weight:600}
@media(min-width:34.01rem){.points,.checks{min-width:46rem}.points code{white-space:nowrap}}
@media(max-width:34rem){.timeline{min-width:34rem}.points thead,.checks thead{position:absolute;clip-path:inset(50%)}.points tr,.checks tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}.points td,.checks td{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.1rem 0;text-align:right!important;white-space:normal!important;overflow-wrap:anywhere}.checks td.long{display:block;text-align:left!important}.checks td.long::before{display:block}.checks td.long:empty{display:none}.points td::before,.checks td::before{content:attr(data-name);color:var(--soft);text-align:left;flex:none}.trend li{grid-template-columns:8.4rem 1fr 3.6rem}}
@media print{:root{--ink:#000;--page:#fff;--card:#f2f2f2;--soft:#444;--line:#bbb}body{max-width:none;font-size:10.5pt;padding:0}h2{break-after:avoid}tr,li,details{break-inside:avoid}details::details-content{display:block;content-visibility:visible}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`;
