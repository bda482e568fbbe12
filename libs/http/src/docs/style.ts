/** Plain, readable, and dark where the reader's system is. */
export const STYLE = `
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--link:light-dark(#0b57d0,#8ab4f8)}
*{box-sizing:border-box}
body{margin:0;display:grid;grid-template-columns:18rem minmax(0,1fr);font:16px/1.55 system-ui,sans-serif}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem 1rem;border-right:1px solid var(--line);font-size:.9rem}
nav h1{font-size:1.2rem;margin:0 0 1rem}nav h2{font-size:.75rem;text-transform:uppercase;letter-spacing:.06em;margin:1.2rem 0 .3rem;opacity:.7}
nav ul{list-style:none;margin:0;padding:0}nav li{margin:.15rem 0}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
main{padding:1.5rem 2.5rem 6rem;max-width:62rem}
article{border-top:1px solid var(--line);padding:1.5rem 0;scroll-margin-top:.5rem}
h3{margin:0;font-size:1.05rem;overflow-wrap:anywhere}h4{margin:.3rem 0 .5rem;font-size:1.25rem}h5{margin:1.2rem 0 .4rem;font-size:.95rem}
h3 span,h5 span{font:600 .8rem ui-monospace,monospace;padding:.15rem .45rem;border-radius:.3rem;color:#fff}
.get{background:#1a6b3c}.post{background:#0b57d0}.put{background:#8a5300}.ok{background:#1a6b3c}.refused{background:#8c1d18}
code,pre{font:.86em/1.5 ui-monospace,monospace}pre{background:var(--soft);padding:.8rem 1rem;border-radius:.4rem;overflow:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line)}td p{margin:0}
.d1{padding-left:1.2rem}.d2{padding-left:2.4rem}.d3{padding-left:3.6rem}
small{opacity:.7;font-weight:400}summary{cursor:pointer;margin:.4rem 0}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto;border:0}main{padding:1rem}}
`;
