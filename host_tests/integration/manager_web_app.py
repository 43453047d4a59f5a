"""The web application that iot-manager's documentation builds on a Manager, in our words: it lists
the connected clients with their data, and sends a string to one of them or to all.
"""

from flask import Flask, abort, redirect, render_template_string, request, url_for

from motelink_tools.hub.manager import Manager

PAGE = """\
<!doctype html>
<title>Clients</title>
<form method="post" action="{{ url_for('to_all') }}">
  <input name="text"><button>Send to all</button>
</form>
<table>
  {% for client in clients %}
  <tr>
    <td>{{ client.uuid }}</td><td>{{ client.type }}</td><td>{{ client.data }}</td>
    <td>
      <form method="post" action="{{ url_for('to_one', uuid=client.uuid) }}">
        <input name="text"><button>Send</button>
      </form>
    </td>
  </tr>
  {% endfor %}
</table>
"""


def create(manager: Manager) -> Flask:
    """Serve it with ``create(manager).run()``; its requests come in threads of their own."""
    app = Flask(__name__)

    @app.get("/")
    def clients():
        return render_template_string(PAGE, clients=manager.get_client_data())

    @app.post("/send/<uuid>")
    def to_one(uuid):
        if uuid not in {client["uuid"] for client in manager.get_client_data()}:
            abort(404)
        manager.send_string(uuid, request.form["text"])
        return redirect(url_for("clients"))

    @app.post("/send")
    def to_all():
        manager.send_all_string(request.form["text"])
        return redirect(url_for("clients"))

    return app
