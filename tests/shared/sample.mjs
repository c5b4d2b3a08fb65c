/** The use of the package that its users were shown, to the letter. */
export const sample = `
    var client = MeshyClient.initializeWithTenant(accountName, tenant, publicKey);

    client.login(username,password)
          .then(function (meshyConnection){
                   var refreshToken = meshyConnection.retrievePersistanceToken();

                   client.loginWithPersistance(refreshToken)
                         .then(function(refreshedMeshyConnection) { });
          });
`;

/** The same with await. */
export const awaited = `
    const client = await MeshyClient.initializeWithTenant(accountName, tenant, publicKey);
    const meshyConnection = await client.login(username, password);
    const refreshToken = meshyConnection.retrievePersistanceToken();
    const refreshedMeshyConnection = await client.loginWithPersistance(refreshToken);
`;
