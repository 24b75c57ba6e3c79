/**
 * Preloaded into each execution environment, before `aws-lambda-ric`: a stand-in for that package's native
 * HTTP client (`rapid-client.node`, C++ on libcurl), whose build needs cmake and a compiler. Everything
 * else of the runtime is the real code.
 *
 * Plain CommonJS: it runs in the process of the function, which knows no TypeScript.
 */
const http = require("node:http");
const { registerHooks } = require("node:module");

const SHIM_URL = "sluice:rapid-client";
const SHIM_KEY = Symbol.for("sluice.rapid-client");
/** Lambda refuses a longer X-Ray cause; the native client leaves it out likewise. */
const MAX_XRAY_CAUSE_BYTES = 7000;

const [hostname, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? "").split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body, headers) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { hostname, port, agent, method, path: `/2018-06-01/runtime/invocation/${path}`, headers },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () => resolve({ bodyJson: text, headers: response.headers }));
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

function post(path, body, headers = {}) {
  return call("POST", path, body, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
}

function errorHeaders(body, xrayCause) {
  const headers = {
    "lambda-runtime-function-error-type": JSON.parse(body).errorType ?? "Unhandled",
  };
  if (xrayCause && Buffer.byteLength(xrayCause) < MAX_XRAY_CAUSE_BYTES) {
    headers["lambda-runtime-function-xray-error-cause"] = xrayCause.replace(/[^\x20-\x7e]/g, "?");
  }
  return headers;
}

/** The native `done` and `error` block until the answer is out. Here the next poll waits for it instead. */
let posted = Promise.resolve();

globalThis[SHIM_KEY] = {
  next: () => posted.then(() => call("GET", "next")),
  done: (requestId, body) => {
    posted = post(`${requestId}/response`, body);
  },
  error: (requestId, body, xrayCause) => {
    posted = post(`${requestId}/error`, body, errorHeaders(body, xrayCause));
  },
};

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.endsWith("rapid-client.node")
      ? { url: SHIM_URL, format: "commonjs", shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url === SHIM_URL
      ? {
          format: "commonjs",
          source: `module.exports = globalThis[Symbol.for("${SHIM_KEY.description}")];`,
          shortCircuit: true,
        }
      : next(url, context),
});
