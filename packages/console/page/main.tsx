/** The page of the console. */
import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import "./styles/page.css";
import { connect } from "./state/connection.ts";
import { followTheme } from "./state/theme.ts";
import { App } from "./views/app.tsx";

followTheme();
connect();
render(<App />, document.body);
