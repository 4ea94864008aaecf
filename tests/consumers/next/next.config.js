// Next 16.4 sometimes fails to build an edge route with webpack, whatever it imports ("ENOENT: route_client-reference-manifest.js").
const extensions = process.env.WITHOUT_EDGE ? ["js", "jsx"] : ["edge.js", "js"];

export default { pageExtensions: extensions, outputFileTracingRoot: import.meta.dirname, turbopack: { root: import.meta.dirname } };
