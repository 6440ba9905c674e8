"""The shop's functions as they are deployed: for two clouds and a plain container, straight and by way of an adapter.

What is done to the rows is in `books` and knows no cloud. `cloud_a` (in the shapes of AWS Lambda and what is around
it), `cloud_b` (Google Cloud) and `container` (WSGI, RabbitMQ, cron) are written *straight*: the flow of each function
and the calls of that cloud stand together. `portable` has the flow once, for any `adapter.Cloud`; `adapter_a`,
`adapter_b` and `adapter_container` are what is left of each cloud then.

All of them run: they take events of the shapes that these clouds document, and the clients of the clouds' libraries are
passed in, so that nothing has to be installed. A test gives them clients that answer in the same shapes.

What this leaves out: what is no Python (permissions, deployment, alarms, the definitions of queues and schedules), the
stream with its report, and the function that finishes orders. It errs in favour of a move from cloud to cloud.
"""
