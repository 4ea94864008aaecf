import express from "express4";
import { gate, requireUser, userOf } from "edgegate/express";
import { own } from "./gate.js";

const app = express();
app.use(gate(own));
app.get("/orders", requireUser(own), (request, response) => {
  response.json({ of: userOf(request).email });
});

app.listen(Number(process.env.PORT), "127.0.0.1");
