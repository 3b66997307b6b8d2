// Starts the page. `diagram` is there for whoever looks at the page with a script of their own.
import { Page } from "./page.js";

window.diagram = new Page(JSON.parse(document.getElementById("atlas").textContent));
