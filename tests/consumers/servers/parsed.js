// Behind body parsers, and below a path.

import express from "express";
import { gate, requireUser, userOf } from "edgegate/express";
import { own } from "./gate.js";

const app = express();
app.use(express.json(), express.urlencoded());
app.use("/auth", gate(own));
app.get("/orders", requireUser(own), (request, response) => {
  response.json({ of: userOf(request).email });
});

app.listen(Number(process.env.PORT), "127.0.0.1");
