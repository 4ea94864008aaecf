// Loaded by every program of Node under test: writes the hosts that it connects to, other than this machine.

import { appendFileSync } from "node:fs";
import { Socket } from "node:net";

const { connect } = Socket.prototype;

Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  const host = typeof options === "object" ? (options.path === undefined && (options.host ?? "localhost")) : typeof args[1] === "string" && args[1];
  if (host && !/^(localhost|127\.0\.0\.1|::1|\[::1\])$/.test(host)) appendFileSync(process.env.EDGEGATE_ASKED, `${host}\n`);
  return connect.apply(this, args);
};
