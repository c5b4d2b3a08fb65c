import { keepRefreshing } from "meshydb-client/service-worker";
import { precacheAndRoute } from "workbox-precaching";
import { opening } from "./client.js";

keepRefreshing(opening);
precacheAndRoute(self.__WB_MANIFEST);
