/** The one stylesheet of all pages: no font, image or script to load, both colour schemes, from 320 pixels up. */
export const style: string = `
:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--text:#16181d;--quiet:#565d6b;--line:#d5d9e0;--act:#1f4fd8;--on-act:#fff;--bad:#a8201a}
@media(prefers-color-scheme:dark){:root{--page:#0f1115;--card:#191c22;--text:#eceef2;--quiet:#a3abba;--line:#343a46;--act:#8fb0ff;--on-act:#0b1530;--bad:#ff9d94}}
*{box-sizing:border-box}
html{font:100%/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:1rem;background:var(--page);color:var(--text)}
main{width:100%;max-width:26rem;padding:clamp(1.25rem,5vw,2rem);background:var(--card);border:1px solid var(--line);border-radius:.75rem}
h1{margin:0 0 .75rem;font-size:1.375rem;line-height:1.25;font-weight:650;text-wrap:balance}
p{margin:0 0 1rem;overflow-wrap:anywhere}
.app{margin:0 0 .75rem;color:var(--quiet);font-size:.875rem;font-weight:600}
.quiet{color:var(--quiet);font-size:.875rem}
.code{margin:1.25rem 0 0;padding-top:1rem;border-top:1px solid var(--line);color:var(--quiet);font-size:.8125rem}
.bad h1,.problem{color:var(--bad)}
.or{margin:1.25rem 0 .625rem;padding-top:1rem;border-top:1px solid var(--line)}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9375em;overflow-wrap:anywhere}
form{margin:0}
main>:last-child{margin-bottom:0}
label{display:block;margin:0 0 .375rem;font-weight:600}
input[type=text]{width:100%;min-height:2.75rem;margin:0 0 .75rem;padding:.5rem .75rem;font:inherit;color:inherit;background:var(--page);border:1px solid var(--quiet);border-radius:.5rem}
button,.button{display:flex;align-items:center;justify-content:center;width:100%;min-height:2.75rem;padding:.5rem 1rem;font:inherit;font-weight:600;text-align:center;text-decoration:none;border:1px solid var(--act);border-radius:.5rem;background:var(--act);color:var(--on-act);cursor:pointer;overflow-wrap:anywhere}
.second{background:transparent;border-color:var(--line);color:var(--text)}
button:hover,.button:hover{filter:brightness(1.08)}
.second:hover{filter:none;border-color:var(--quiet)}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
.stack>*+*{margin-top:.625rem}
ul{list-style:none;margin:0 0 1rem;padding:0}
li{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .75rem;padding:.75rem 0;border-bottom:1px solid var(--line)}
li:first-child{padding-top:0}
.who{flex:1 1 9rem;min-width:0;overflow-wrap:anywhere}
.who strong{display:block;font-weight:600}
.acts{display:flex;gap:.5rem}
.acts button{width:auto;padding:.375rem .75rem;font-size:.875rem}
.badge{display:inline-block;margin-left:.5rem;padding:0 .5rem;border:1px solid currentColor;border-radius:1rem;color:var(--act);font-size:.75rem;font-weight:600}
@media(forced-colors:active){main,button,.button{border-color:CanvasText}}
@media print{body{display:block;background:none}}
`
