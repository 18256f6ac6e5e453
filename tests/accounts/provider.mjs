// An OpenID Connect provider to sign in with: npm's oidc-provider with three people and one client.
// node provider.mjs CALLBACK: listens on a free port and says so in one line of JSON.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const people = JSON.parse(process.env.PEOPLE ?? "{}");
const server = createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{ client_id: "tongke", client_secret: "a secret of the test", redirect_uris: [process.argv[2]] }],
  claims: {
    openid: ["sub"],
    profile: ["name"],
    email: ["email", "email_verified"],
    phone: ["phone_number", "phone_number_verified"],
  },
  cookies: { keys: ["only for the test"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, sub) =>
    people[sub] && { accountId: sub, claims: () => ({ sub, name: sub, ...people[sub] }) },
});
server.on("request", provider.callback());
process.stdout.write(JSON.stringify({ issuer }) + "\n");
