"""How the printed certificate looks."""

STYLE = """
@page {
  size: A4;
  margin: 30mm 17mm 22mm 19mm;
  @top-left { content: element(letterhead); width: 100%; vertical-align: bottom; padding-bottom: 3mm }
  @bottom-left { content: element(imprint); width: 68%; vertical-align: top; padding-top: 2.5mm }
  @bottom-right {
    content: "第 " counter(page) " 页 共 " counter(pages) " 页\\A Page " counter(page) " of " counter(pages);
    white-space: pre; text-align: right; vertical-align: top; padding-top: 2.5mm;
    font: 7.5pt/1.35 "WenQuanYi Micro Hei", "Noto Sans CJK SC", sans-serif; color: #44505c;
  }
}
html { font: 9pt/1.4 "WenQuanYi Micro Hei", "Noto Sans CJK SC", sans-serif; color: #16202a; }
body { margin: 0 }
#letterhead { position: running(letterhead); border-bottom: 0.8pt solid #1d4468; padding-bottom: 2mm }
#letterhead table { width: 100% }
#letterhead td { vertical-align: bottom; padding: 0; border: 0 }
#letterhead .number { text-align: right }
#letterhead .laboratory { font-size: 11pt; color: #1d4468 }
#imprint { position: running(imprint); font-size: 7.5pt; line-height: 1.35; color: #44505c }
.demonstration {
  position: fixed; top: 112mm; left: 0; width: 174mm; text-align: center; z-index: -1;
  transform: rotate(-38deg); font-size: 44pt; line-height: 1.3; color: #f9e6e3;
}
.banner { border: 0.8pt solid #b3362b; color: #b3362b; text-align: center; padding: 1mm; margin-bottom: 4mm }
h1 { font-size: 23pt; line-height: 1.2; font-weight: normal; text-align: center; margin: 5mm 0 0;
     color: #1d4468; letter-spacing: 0.35em; text-indent: 0.35em }
h1 + p { text-align: center; font-size: 12.5pt; margin: 1mm 0 7mm; letter-spacing: 0.04em; color: #1d4468 }
h2 { font-size: 11pt; line-height: 1.3; font-weight: normal; color: #1d4468; margin: 5mm 0 1.6mm;
     border-bottom: 0.4pt solid #9fb2c4; padding-bottom: 0.8mm; break-after: avoid }
h3 { font-size: 9pt; font-weight: normal; margin: 3mm 0 1mm; color: #1d4468; break-after: avoid }
.en { color: #55626f }
.small { font-size: 7.8pt; color: #44505c; line-height: 1.4 }
table { border-collapse: collapse; width: 100% }
th, td { padding: 1mm 1.6mm; text-align: left; vertical-align: top; font-weight: normal }
tr { break-inside: avoid }
table.facts th, table.facts td { padding-top: 0.8mm; padding-bottom: 0.8mm }
table.facts th { width: 31%; color: #44505c; padding-left: 0 }
table.facts td { border-bottom: 0.3pt solid #d5dde4 }
table.facts th { border-bottom: 0.3pt solid #d5dde4 }
table.grid { border-top: 0.9pt solid #1d4468; border-bottom: 0.9pt solid #1d4468 }
table.grid thead { border-bottom: 0.5pt solid #1d4468 }
table.grid thead th { font-size: 8pt; line-height: 1.3; text-align: center; vertical-align: bottom;
                       padding-bottom: 1.4mm }
table.grid thead .zh { white-space: nowrap }
table.grid thead th.text, table.grid td.text { text-align: left }
table.grid td { text-align: center; padding-top: 0.7mm; padding-bottom: 0.7mm }
table.grid tbody tr + tr td { border-top: 0.3pt solid #d5dde4 }
table.budget { font-size: 7.5pt; line-height: 1.3; break-inside: avoid }
table.even { table-layout: fixed }
table.even th:nth-child(1) { width: 6% }
table.even th:nth-child(2), table.even th:nth-child(3), table.even th:nth-child(9) { width: 9.5% }
table.even th:nth-child(4), table.even th:nth-child(6) { width: 5.5% }
table.even th:nth-child(5), table.even th:nth-child(7) { width: 12.5% }
table.even th:nth-child(8) { width: 11.5% }
table.budget td, table.budget thead th { padding-top: 0.35mm; padding-bottom: 0.35mm; font-size: 7.5pt }
table.budget tfoot td { border-top: 0.5pt solid #1d4468; text-align: left }
.summary { margin-right: 6mm }
.unit { color: #55626f; white-space: nowrap }
.aligned { white-space: nowrap }
.blank { visibility: hidden }
i { font-family: "DejaVu Serif", "Noto Serif", "WenQuanYi Micro Hei", serif }
sub { font-size: 75%; line-height: 0 }
figcaption { font-size: 7.8pt; color: #44505c }
.declaration { margin: 0 0 1.5mm; break-inside: avoid }
.declaration p { margin: 0; line-height: 1.32 }
.declaration .name { color: #1d4468 }
.hash { font-family: "DejaVu Sans Mono", "WenQuanYi Micro Hei Mono", "Noto Sans Mono CJK SC", monospace;
        font-size: 7pt; overflow-wrap: anywhere }
.signatures { width: 100%; margin-top: 9mm; break-inside: avoid }
.signatures td { width: 33.3%; padding: 0 5mm 0 0 }
.signatures .line { border-bottom: 0.5pt solid #16202a; height: 12mm }
figure { margin: 2mm 0 0; break-inside: avoid; text-align: center }
svg text { font-family: "WenQuanYi Micro Hei", "Noto Sans CJK SC", sans-serif }
.end { text-align: center; margin-top: 9mm; color: #1d4468; letter-spacing: 0.08em; break-before: avoid }
.annex { break-before: page }
.together { break-inside: avoid }
"""
