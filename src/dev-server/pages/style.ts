/** The one stylesheet of all pages: no font, image or script to load, both colour schemes, from 320 pixels up. */
export const style: string = `
:root{color-scheme:light dark;--page:#eef1f6;--card:#fff;--text:#151922;--quiet:#566073;--line:#d6dbe5;--act:#2557d6;--on-act:#fff;--bad:#a8201a;--bad-page:#fdecea;--note:#fff6dc;--on-note:#5c4300}
@media(prefers-color-scheme:dark){:root{--page:#0e1117;--card:#181c25;--text:#edf0f6;--quiet:#a5afc0;--line:#343c4b;--act:#8fb2ff;--on-act:#0b1530;--bad:#ff9d94;--bad-page:#3a1d1c;--note:#2d2611;--on-note:#f2dc9b}}
*{box-sizing:border-box}
html{font:100%/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;align-content:center;gap:1rem;padding:1rem;background:var(--page);color:var(--text)}
main{width:100%;max-width:26rem;padding:clamp(1.25rem,5vw,2rem);background:var(--card);border:1px solid var(--line);border-radius:.875rem;box-shadow:0 1px 2px rgb(0 0 0/.06),0 8px 24px rgb(0 0 0/.06)}
h1{margin:0 0 .75rem;font-size:1.375rem;line-height:1.25;font-weight:650;text-wrap:balance;overflow-wrap:anywhere}
p{margin:0 0 1rem;overflow-wrap:anywhere}
p:has(+ul){margin-bottom:.375rem}
.app{display:flex;align-items:flex-start;gap:.625rem;margin:0 0 1.25rem;color:var(--quiet);font-size:.875rem;font-weight:600}
.app bdi{padding-top:.34rem}
.mark{flex:none;display:grid;place-items:center;width:2rem;height:2rem;border-radius:.5rem;background:var(--act);color:var(--on-act);font-size:1rem}
.bad .mark{background:var(--bad);color:var(--card)}
.quiet{color:var(--quiet);font-size:.875rem}
.after{margin:1.25rem 0 0;padding-top:1rem;border-top:1px solid var(--line)}
.note{width:100%;max-width:26rem;margin:0;padding:.625rem 1rem;border-radius:.625rem;background:var(--note);color:var(--on-note);font-size:.8125rem}
.problem{padding:.625rem .875rem;border:1px solid var(--bad);border-radius:.5rem;background:var(--bad-page);color:var(--bad);font-weight:600}
.bad h1{color:var(--bad)}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9375em;overflow-wrap:anywhere}
form{margin:0}
label{display:block;margin:0 0 .375rem;font-weight:600}
.check{display:flex;align-items:center;gap:.625rem;min-height:2.75rem;font-weight:400}
.check input{width:1.25rem;height:1.25rem;margin:0;accent-color:var(--act)}
input[type=text],input[type=password]{width:100%;min-height:2.75rem;margin:0 0 .875rem;padding:.5rem .75rem;font:inherit;color:inherit;background:var(--page);border:1px solid var(--quiet);border-radius:.5rem}
input.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:1.375rem;letter-spacing:.12em;text-align:center;text-transform:uppercase}
button,.button{display:flex;align-items:center;justify-content:center;width:100%;min-height:2.75rem;padding:.5rem 1rem;font:inherit;font-weight:600;text-align:center;text-decoration:none;border:1px solid var(--act);border-radius:.5rem;background:var(--act);color:var(--on-act);cursor:pointer;overflow-wrap:anywhere}
.second{background:transparent;border-color:var(--line);color:var(--text)}
button:hover,.button:hover{filter:brightness(1.08)}
.second:hover{filter:none;border-color:var(--quiet)}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
.stack>*+*{margin-top:.625rem}
section+section{margin-top:1.25rem;padding-top:1.25rem;border-top:1px solid var(--line)}
ul{list-style:none;margin:0 0 1.25rem;padding:0;border:1px solid var(--line);border-radius:.625rem}
li{padding:.625rem .875rem;overflow-wrap:anywhere}
li+li{border-top:1px solid var(--line)}
li a{display:block;min-height:2.75rem;margin:-.625rem -.875rem;padding:.625rem .875rem;color:var(--act);font-weight:600}
li code{display:block;color:var(--quiet);font-size:.8125rem}
li a code{display:inline-block;width:100%;font-weight:400}
@media(forced-colors:active){main,button,.button,.note{border:1px solid CanvasText}}
@media print{body{display:block;background:none}}
`
