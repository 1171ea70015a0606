import "@fontsource-variable/figtree/index.css";
import "../ui/styles/index.css";
import "../chat/chat.css";
import "../call/call.css";
import "./app.css";
