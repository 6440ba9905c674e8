"""Three descriptions to begin with: a web shop, one that puts work off, and a published system of 27 containers.

Times, sizes and loads are **assumptions** of ours unless a comment says where they are from; replace them by what you
have measured. Which way they err: exponential times have a longer tail than steady work and a shorter one than work
with rare, very slow cases; one time for a whole call hides that large requests take longer.

The social network is that of DeathStarBench (Y. Gan et al., *An Open-Source Benchmark Suite for Microservices*,
ASPLOS 2019): the containers of its `docker-compose.yml`, 11 services, 13 stores and caches, 2 front ends and Jaeger;
the mix of its `mixed-workload.lua`; who calls whom by its handlers; the time-out by its `service-config.json`. All
times, sizes and prices are ours, so its latencies and its capacity are not compared with published ones: those were
measured on machines that no line here describes. What is compared is the number of containers of each kind, and the
mix. Writing a cache after a miss, and the traces that each service sends to Jaeger beside the requests, are left out:
both err for the system. A service fails when its cache is down: so it is in the handlers of user timelines, home
timelines and mentions; for the stores of posts and of the social graph it is an assumption, and so are their calls.

>>> from archlab.chapters.choosing.own_system.reading import read
>>> [len(read(text).parts) for text in (WEB_SHOP, THUMBNAILS, SOCIAL_NETWORK)]
[3, 4, 27]
"""

WEB_SHOP = """\
system a web shop
load 120 per second: browse 85 %, buy 15 %, patience 2 s
part web: 2 cores, 64 workers, 2 copies, m5.large
store database: 2 cores, m5.large, timeout 2 s
outside payment: takes 100 ms (p99 400 ms), timeout 1 s, 2 retries
browse = web 15 ms [database 1 ms x 4]
buy = web 30 ms [database 8 ms, payment, database 8 ms]
fault payment: outage 10 s
"""
"""A program in two copies, a database, and a payment provider over the internet."""

THUMBNAILS = """\
system photos with thumbnails
load 40 per second: look 80 %, upload 20 %
part web: 2 cores, 64 workers, m5.large
store database: 1 core, 0.05 USD per hour, timeout 2 s
store files: 4 servers, 0.05 USD per hour, timeout 2 s
part thumbnails: 2 cores, 2 workers, m5.large
look = web 3 ms [database 1 ms, files 5 ms]
upload = web 4 ms [files 20 ms, database 2 ms, later thumbnails 150 ms [files 10 ms x 3]]
fault thumbnails: crash 10 s
"""
"""An upload is answered at once; the small pictures are made later, by readers of a queue."""

SOCIAL_NETWORK = """\
system social network (DeathStarBench)
# The mix is the benchmark's. The rate is an assumption.
load 100 per second: home 60 %, user 30 %, compose 10 %
# The time-out is in its service-config.json. The hop is an assumption.
calls: hop 0.25 ms, timeout 10 s
# Sizes and prices are assumptions: a core each, and half an m5.large for it; 512 connections as in the configuration.
part nginx-thrift: 1 core, 0.048 USD per hour
part media-frontend, jaeger-agent: 1 core, 0.048 USD per hour, idle
part compose-post-service, home-timeline-service, user-timeline-service: 1 core, 512 workers, 0.048 USD per hour
part post-storage-service, social-graph-service, text-service, user-service: 1 core, 512 workers, 0.048 USD per hour
part media-service, unique-id-service, url-shorten-service: 1 core, 512 workers, 0.048 USD per hour
part user-mention-service: 1 core, 512 workers, 0.048 USD per hour
store post-storage-mongodb, user-timeline-mongodb, social-graph-mongodb: 1 core, 0.048 USD per hour
store url-shorten-mongodb, user-mongodb: 1 core, 0.048 USD per hour
store media-mongodb, media-memcached, url-shorten-memcached: 1 core, 0.048 USD per hour, idle
store post-storage-memcached, user-memcached: 1 core, 0.048 USD per hour
# Redis works in one thread, so it is one server.
store home-timeline-redis, user-timeline-redis, social-graph-redis: 1 server, 0.048 USD per hour
# Times are assumptions: 1 ms a service or MongoDB, 0.1 ms a cache; 9 of 10 looks into a cache find what they look for.
home = nginx-thrift 0.5 ms [home-timeline-service 1 ms [home-timeline-redis 0.1 ms, posts]]
user = nginx-thrift 0.5 ms [user-timeline-service 1 ms [user-timeline-redis 0.1 ms, old, posts]]
old = user-timeline-mongodb 1 ms for 10 %
posts = post-storage-service 1 ms [post-storage-memcached 0.1 ms, post-storage-mongodb 1 ms for 10 %]
compose = nginx-thrift 0.5 ms [compose-post-service 1 ms [gather, store-post & to-user & to-home]]
gather = text & user-service 1 ms & media-service 1 ms & unique-id-service 1 ms
text = text-service 1 ms [url-shorten-service 1 ms [url-shorten-mongodb 1 ms] & mentions]
mentions = user-mention-service 1 ms [user-memcached 0.1 ms, user-mongodb 1 ms for 10 %]
store-post = post-storage-service 1 ms [post-storage-mongodb 1 ms]
to-user = user-timeline-service 1 ms [user-timeline-mongodb 1 ms, user-timeline-redis 0.1 ms]
to-home = home-timeline-service 1 ms [followers, home-timeline-redis 0.1 ms]
followers = social-graph-service 1 ms [social-graph-redis 0.1 ms, social-graph-mongodb 1 ms for 10 %]
"""
"""27 containers. Five of them get no request of this mix: `idle` says so."""

EXAMPLES = {"web shop": WEB_SHOP, "thumbnails": THUMBNAILS, "social network": SOCIAL_NETWORK}
