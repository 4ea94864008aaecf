const { createGate } = require("edgegate");
const { memoryUsers } = require("edgegate/memory");
const { gate, requireUser, userOf } = require("edgegate/express");
const express = require("express");

const own = createGate({ REGISTRATION: "open", ...process.env }, memoryUsers());
const app = express();
app.use(gate(own));
app.get("/orders", requireUser(own), (request, response) => {
  response.json({ of: userOf(request).email });
});

app.listen(Number(process.env.PORT), "127.0.0.1");
