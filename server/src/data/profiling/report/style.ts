/** One sheet for light and dark; nothing is loaded from anywhere. */
export const style = `
:root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--ink:#1d2330;--soft:#667085;--rule:#e4e6ea;--accent:#2563a8;--other:#c4592b;--wash:#eef3f9;--bad:#b42318;--warn:#a35200;--calm:#475467}
@media (prefers-color-scheme:dark){:root{--page:#14171c;--card:#1b1f26;--ink:#e6e8ec;--soft:#98a1b0;--rule:#2c323c;--accent:#6ea8e6;--other:#e08a5b;--wash:#212a36;--bad:#f97066;--warn:#f2a65a;--calm:#aab2c0}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1120px;margin:0 auto;padding:28px 24px 64px}
header h1{font-size:26px;margin:0 0 2px;letter-spacing:-.01em;overflow-wrap:anywhere}
header p,.note{color:var(--soft);margin:2px 0}
nav{position:sticky;top:0;z-index:1;background:var(--page);border-bottom:1px solid var(--rule);margin:14px 0 0;padding:8px 0;display:flex;flex-wrap:wrap;gap:4px 18px}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
h2{font-size:18px;margin:34px 0 12px}
h3{font-size:15px;margin:0;overflow-wrap:anywhere}
.grid{display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(150px,1fr))}
.tile{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:10px 14px}
.tile b{display:block;font-size:20px;font-weight:600;letter-spacing:-.01em}.tile span{color:var(--soft);font-size:12px}
.card{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:14px 16px;margin:0 0 12px}
.head{display:flex;align-items:baseline;gap:10px;margin-bottom:10px;flex-wrap:wrap}
.kind{font-size:12px;color:var(--soft);border:1px solid var(--rule);border-radius:99px;padding:0 8px}
.mark{font-size:12px;border-radius:99px;padding:0 8px;border:1px solid currentColor}
.high-mark{color:var(--bad)}.medium-mark{color:var(--warn)}.low-mark{color:var(--calm)}
.cols{display:grid;gap:14px 28px;grid-template-columns:minmax(190px,230px) minmax(190px,230px) 1fr;align-items:start}
@media (max-width:860px){.cols{grid-template-columns:1fr 1fr}.cols>:last-child{grid-column:1/-1}}
dl{margin:0;display:grid;grid-template-columns:auto auto;gap:1px 10px}
dt{color:var(--soft)}dd{margin:0;text-align:right;overflow-wrap:anywhere}
svg{display:block;width:100%;height:auto;max-width:720px;font-size:11px}svg text{fill:var(--soft)}
svg.map text{fill:var(--ink)}svg.map text.on{fill:var(--card)}
.bar,.after{fill:var(--accent)}.before{fill:var(--other)}.before,.after{fill-opacity:.55}
.axis{stroke:var(--rule);fill:none}.curve{fill:none;stroke:var(--accent);stroke-width:1.4;vector-effect:non-scaling-stroke}
.high{fill:var(--accent)}.low{fill:var(--other)}.band{fill:var(--wash)}.spikes{stroke:var(--accent);stroke-width:3;fill:none}
.lines{display:grid;gap:3px}.line{display:grid;grid-template-columns:minmax(70px,38%) 1fr auto;gap:8px;align-items:center}
.name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.track{background:var(--wash);border-radius:3px;height:10px;overflow:hidden}
.track b{display:block;height:100%;background:var(--accent)}.n{color:var(--soft);font-size:12px;text-align:right}
details{margin-top:10px}summary{cursor:pointer;color:var(--accent)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{padding:4px 10px;border-bottom:1px solid var(--rule);text-align:left;white-space:nowrap}th{color:var(--soft);font-weight:500}
td.number,th.number{text-align:right}
ul.warnings{list-style:none;margin:0;padding:0}ul.warnings li{padding:6px 0;border-bottom:1px solid var(--rule);display:flex;gap:10px;align-items:baseline}
ul.warnings li:last-child{border:0}ul.warnings span:last-child{overflow-wrap:anywhere}
.dot{flex:none;width:88px;font-size:12px;white-space:nowrap}
.pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:14px}
figure{margin:0}figure svg{font-size:12px}figcaption{color:var(--soft);font-size:12px;margin-top:4px;overflow-wrap:anywhere}
.legend i{display:inline-block;width:10px;height:10px;border-radius:2px;margin:0 4px 0 12px}
@media print{nav{display:none}.card{break-inside:avoid}}
`;
