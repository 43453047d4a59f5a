"""``iotctl``: an IoTtalk server for those who know that command, on the hub's code."""
