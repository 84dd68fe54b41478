/// The look of the report: one column of calm type, light and dark, colours that stay apart for the colour-blind.
enum StyleSheet {
  static let css: HTML = """
    :root{color-scheme:light dark;--paper:#fff;--ink:#1c2127;--quiet:#5c6670;--rule:#d9dde2;--grid:#e8ebee;\
    --soft:#f5f6f8;--full:#1c2127;--base:#7d858e;--l0:#0067b1;--l1:#c2500a;--l2:#00795c;--l3:#8a4a9e;--l4:#94700c}
    @media (prefers-color-scheme:dark){:root{--paper:#15181c;--ink:#e7e9ec;--quiet:#9aa4ae;--rule:#373e46;\
    --grid:#272d33;--soft:#1c2025;--full:#e7e9ec;--base:#8f98a2;--l0:#64b1ee;--l1:#f2985c;--l2:#4cc5a2;--l3:#cd9fe0;\
    --l4:#d9b44a}}
    @media print{:root{--paper:#fff;--ink:#111;--quiet:#555;--rule:#ccc;--grid:#e4e4e4;--soft:#f4f4f4;--full:#111;\
    --base:#777;--l0:#0067b1;--l1:#c2500a;--l2:#00795c;--l3:#8a4a9e;--l4:#94700c}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
    body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,\
    "Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
    main{max-width:1088px;margin:0 auto;padding:44px 24px 72px}
    h1,h2,.verdict{font-family:ui-serif,"Iowan Old Style",Charter,Georgia,"Times New Roman",serif}
    h1{font-size:19px;font-weight:600;margin:0;letter-spacing:.01em}
    h2{font-size:25px;font-weight:600;line-height:1.25;margin:0 0 8px}
    h3{font-size:15px;font-weight:650;margin:30px 0 6px}
    p{margin:0 0 10px;max-width:80ch}
    .subtitle{color:var(--quiet);margin:2px 0 26px}
    .verdict{font-size:27px;line-height:1.32;max-width:none;margin:0 0 14px;text-wrap:pretty}
    .verdict.long{font-size:22px}
    .quiet,.note{color:var(--quiet)}
    .note{font-size:13.5px}
    section{margin-top:60px;padding-top:22px;border-top:1px solid var(--rule)}
    section.decision{margin:0;padding:0;border:0}
    nav{margin-top:20px;font-size:13px;line-height:1.9;color:var(--quiet)}
    nav a{margin-right:14px;white-space:nowrap}
    a{color:inherit;text-decoration-color:var(--rule);text-underline-offset:3px}
    .scroll{overflow-x:auto;margin:14px 0 8px}
    table{border-collapse:collapse;width:100%;font-size:14px;line-height:1.35}
    caption{text-align:left;color:var(--quiet);font-size:13.5px;padding-bottom:8px;max-width:88ch}
    th,td{padding:5px 14px 5px 0;text-align:right;vertical-align:baseline;white-space:nowrap;font-weight:400}
    th:last-child,td:last-child{padding-right:0}
    th.text,td.text{text-align:left}
    thead th{color:var(--quiet);font-size:12.5px;vertical-align:bottom;border-bottom:1px solid var(--rule);\
    white-space:normal}
    thead th.span{text-align:center;border-bottom:1px solid var(--rule)}
    thead tr.over th{border-bottom:0;padding-bottom:0}
    thead tr.over th.span{border-bottom:1px solid var(--rule)}
    tbody tr{border-bottom:1px solid var(--grid)}
    tbody tr.start{border-top:1px solid var(--rule)}
    tbody:last-child tr:last-child{border-bottom:1px solid var(--rule)}
    tbody th{text-align:left}
    td small{display:block;font-size:12px;color:var(--quiet)}
    td .range{color:var(--quiet)}
    td.inline-cell{vertical-align:middle;padding-top:3px;padding-bottom:3px}
    .decision table{font-size:15px}
    .decision td,.decision tbody th{padding-top:8px;padding-bottom:8px}
    .arm{font-weight:600;color:var(--c)}
    .key{width:10px;height:10px;margin-right:7px;overflow:visible}
    .undefined{color:var(--quiet);font-style:italic}
    .undefined sup{font-style:normal;line-height:0;margin-left:1px;font-size:.72em}
    .undefined a{text-decoration:none}
    .footnotes{font-size:13px;color:var(--quiet);margin:4px 0 0;padding-left:20px}
    figure{margin:22px 0 6px}
    figcaption{font-size:13.5px;color:var(--quiet);margin-bottom:8px;max-width:88ch}
    svg.drawing{display:block;width:100%;height:auto}
    svg.inline{width:150px;height:16px;display:block}
    .multiples{display:flex;flex-wrap:wrap;gap:6px 3px;margin:2px 0 14px}
    .multiples svg.drawing{flex:none}
    .reliability svg.drawing{width:170px}
    .losses{gap:10px 16px}
    .losses svg.drawing{width:248px}
    .pair{display:flex;flex-wrap:wrap;gap:16px 24px}
    .pair svg.drawing{flex:1 1 420px;width:auto;min-width:0}
    svg text{fill:var(--ink);font-size:12.5px}
    svg .tick,svg .axis{fill:var(--quiet);font-size:12px}
    svg .direct{fill:var(--c,var(--ink));font-size:14px;font-weight:600}
    svg .panel{font-size:12.5px;font-weight:600}
    svg .label,svg .figure{font-size:13px}
    svg .quiet{fill:var(--quiet);font-weight:400;font-size:12px}
    svg .figure.quiet{font-size:13px}
    svg .grid{stroke:var(--grid);stroke-width:1}
    svg .whisker{stroke:var(--c);stroke-width:2}
    svg .whisker.thin{stroke-width:1;opacity:.45}
    svg .mark{fill:var(--c)}
    svg .ring{fill:var(--paper);stroke:var(--c);stroke-width:2}
    svg .curve{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}
    svg .curve.thin{stroke-width:1.3}
    svg .curve.dashed{stroke-dasharray:4 3}
    svg .shadow{stroke:var(--quiet);opacity:.28;stroke-width:1}
    svg .diagonal{stroke:var(--quiet);stroke-dasharray:3 3;opacity:.75}
    svg .reference{stroke:var(--quiet);stroke-dasharray:3 3}
    svg .zero{stroke:var(--quiet)}
    svg .limit{stroke:var(--quiet);stroke-dasharray:4 3}
    svg .beyond{fill:var(--soft)}
    svg .count{fill:var(--quiet);opacity:.4}
    .arm-full{--c:var(--full)}.arm-base{--c:var(--base)}.arm-other{--c:var(--quiet)}.arm-lora-0{--c:var(--l0)}\
    .arm-lora-1{--c:var(--l1)}.arm-lora-2{--c:var(--l2)}.arm-lora-3{--c:var(--l3)}.arm-lora-4{--c:var(--l4)}
    .samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:20px 18px;margin-top:16px}
    .samples figure{margin:0;font-size:13px;line-height:1.4}
    .samples img{width:112px;height:112px;object-fit:contain;object-position:left;display:block;margin-bottom:6px}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:5px 22px;margin:12px 0;font-size:14px}
    dt{color:var(--quiet)}
    dd{margin:0;max-width:80ch;overflow-wrap:anywhere}
    @media (max-width:700px){.verdict{font-size:21px}dl{grid-template-columns:1fr}dd{margin-bottom:8px}}
    @page{margin:16mm 14mm}
    @media print{main{max-width:none;padding:0}body{font-size:11pt}nav{display:none}.scroll{overflow:visible}\
    section.decision{break-after:page}section{margin-top:26px}figure,tr,.samples figure,.multiples svg\
    {break-inside:avoid}h2,h3,caption{break-after:avoid}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}\
    table{font-size:9.5pt}th,td{padding-right:8px}}
    """
}
